#pragma once

#include <string>
#include <string_view>

#include <omnibus/catalogue/collection.hpp>

#include "services/config/client.hpp"

namespace omnibus::librarian {

/// Collections, kept by the configuration service: type `collection`, key `<user>:<collection>`, value JSON.
/// Nothing is kept here, and every request may be repeated. Threads: any.
class Collections {
 public:
  explicit Collections(config::Client& config) : config_(config) {}

  /// A failure is an answer with an error. Errors: ClosedError.
  catalogue::CollectionManagementResponse handle(const catalogue::CollectionManagementRequest& request);

  /// The key of a collection in the configuration.
  static config::Key key(std::string_view user, std::string_view collection);
  /// Makes a collection that was not there at this version of the configuration, unless somebody else has
  /// made it since. Errors: as config::Client; Error{conflict} when the configuration has changed: look
  /// again.
  void create(const std::string& user, const std::string& collection, std::int64_t version);

 private:
  using Request = catalogue::CollectionManagementRequest;
  std::vector<catalogue::CollectionMetadata> list(const Request& request);
  catalogue::CollectionMetadata update(const Request& request);
  void remove(const Request& request);

  config::Client& config_;
};

/// An answer that carries nothing but an error and the time.
catalogue::CollectionManagementResponse collection_error(std::string_view type, std::string_view message);

}  // namespace omnibus::librarian
