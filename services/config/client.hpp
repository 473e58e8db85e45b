#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <omnibus/bus.hpp>

#include "services/config/store.hpp"

namespace omnibus::config {

/// Reading and changing the configuration, wherever it is kept.
class Access {
 public:
  virtual ~Access() = default;
  virtual Snapshot read() = 0;
  /// The version after the change. Errors: Error{conflict} when `if_version` is not the current version;
  /// Error{unsupported} when the service does not know the operation; Error{too_large};
  /// Error{unavailable} and TimeoutError, after which the change may have happened or not.
  virtual std::int64_t apply(const Change& change, std::optional<std::int64_t> if_version) = 0;
};

/// What a few keys hold, in the order asked; an unknown key holds nothing.
struct Entries {
  std::int64_t version = 0;
  std::vector<std::optional<std::string>> values;
};

/// Through the queues of the configuration service.
/// Threads: start and stop from one thread at a time, the rest any.
class Client : public Access {
 public:
  /// `id` is the asking processor, a metrics label.
  Client(Bus bus, std::string id, Duration timeout = std::chrono::seconds(10));
  ~Client() override;

  void start();
  void stop(Duration timeout) noexcept;

  Snapshot read() override;
  std::int64_t apply(const Change& change, std::optional<std::int64_t> if_version) override;

  /// What every configuration service knows, the Python one too. Errors: Error{io} with its reason;
  /// Error{unavailable} and TimeoutError, after which a change may have happened or not.
  Entries get(const std::vector<Key>& keys);
  /// Keys and values of a type, in the order of their keys; empty for an unknown type.
  std::vector<std::pair<std::string, std::string>> values(const std::string& type);
  void put(const std::vector<Item>& items);
  void remove(const std::vector<Key>& keys);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::config
