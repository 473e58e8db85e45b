#pragma once

/// The one place that knows every backend. A new backend is one line in registry.cpp.
/// Threads: any.

#include <memory>
#include <span>
#include <string_view>

#include <omnibus/driver.hpp>

namespace omnibus::backends {

struct Entry {
  std::string_view scheme;
  /// Null: the backend is known and not part of this build.
  std::unique_ptr<driver::Backend> (*open)(const driver::BackendConfig&, driver::Host&) = nullptr;
};

/// Every scheme of the project, built or not.
std::span<const Entry> known() noexcept;

/// The driver for `config.scheme`.
/// Errors: ConfigError for an unknown scheme, listing the known, and for one that is not part of this build;
/// what the driver throws.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

}  // namespace omnibus::backends
