#pragma once

/// The one place that knows every backend. A new backend is a line per scheme in registry.cpp.
/// Threads: any.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <omnibus/driver.hpp>
#include <omnibus/queue_name.hpp>

namespace omnibus::backends {

struct Entry {
  std::string_view scheme;
  /// Null: the backend is known and not part of this build.
  std::unique_ptr<driver::Backend> (*open)(const driver::BackendConfig&, driver::Host&) = nullptr;
  /// The broker's own name for a queue. Null: unknown without the backend.
  std::string (*native_name)(const QueueName&) = nullptr;
  /// What --pubsub-backend calls it, where that is not the scheme.
  std::string_view name = {};
};

/// Every scheme of the project, built or not.
std::span<const Entry> known() noexcept;

/// The driver for `config.scheme`.
/// Errors: ConfigError for an unknown scheme, listing the known, and for one that is not part of this build;
/// what the driver throws.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

/// What the broker itself calls `queue`; `backend` is a scheme or the name of a backend.
/// Errors: ConfigError for an unknown backend, listing the known, and for one that is not part of this build;
/// what the backend throws for a name that its broker cannot have.
std::string native_name(std::string_view backend, const QueueName& queue);

}  // namespace omnibus::backends
