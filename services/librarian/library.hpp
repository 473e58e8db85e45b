#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/library.hpp>

#include "services/sqlite/answered.hpp"

namespace omnibus::librarian {

/// A document and where its content is.
struct Stored {
  catalogue::DocumentMetadata metadata;
  std::string content;  ///< an id of Contents
};

/// What is known of documents and their processing, in SQLite. A change is durable when its call returns; it
/// remembers the request that asked for it (rpc::identity, empty: none). Adding what is there is the caller's
/// mistake. Errors: as sqlite::Database. Threads: any.
class Library {
 public:
  explicit Library(const std::filesystem::path& file);

  /// Random, made with the file; tells this library from others.
  std::string name() const;
  /// Whether the request has changed the library already.
  bool answered(std::string_view request) const;

  std::optional<Stored> document(std::string_view user, std::string_view id) const;
  /// In the order of their ids.
  std::vector<catalogue::DocumentMetadata> documents(std::string_view user) const;
  /// Ids of all contents in use.
  std::set<std::string> contents() const;
  void add(const Stored& document, std::string_view request);
  void update(const catalogue::DocumentMetadata& document, std::string_view request);
  void remove_document(std::string_view user, std::string_view id, std::string_view request);

  bool has_processing(std::string_view user, std::string_view id) const;
  /// In the order of their ids.
  std::vector<catalogue::ProcessingMetadata> processing(std::string_view user) const;
  void add(const catalogue::ProcessingMetadata& processing, std::string_view request);
  void remove_processing(std::string_view user, std::string_view id, std::string_view request);

 private:
  /// Runs the statement and marks the request, together or not at all.
  void change(std::string_view sql, const std::vector<std::string_view>& values, std::string_view request);
  template <class T>
  std::vector<T> list(std::string_view sql, std::string_view user) const;

  mutable std::mutex mutex_;           ///< guards the two below
  mutable sqlite::Database database_;  ///< reading prepares statements
  sqlite::Answered answered_;
};

}  // namespace omnibus::librarian
