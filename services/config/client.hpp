#pragma once

#include <memory>
#include <optional>
#include <string>

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

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::config
