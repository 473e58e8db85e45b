#pragma once

/// What the URL says: `embedded://[NAME | /path][?durability=…&retention_bytes=…&…]`.

#include <filesystem>
#include <string>
#include <string_view>

#include <omnibus/driver.hpp>

#include "backends/embedded/decide.hpp"

namespace omnibus::embedded {

struct Parameters {
  std::string name;            ///< of a shared in-process engine; empty: private
  std::filesystem::path path;  ///< of a durable store; empty: in process
  std::string durability = "sync";
  Limits limits;
  Duration lock_wait = std::chrono::seconds(1);
  std::uint64_t checkpoint_interval = std::uint64_t{16} << 20;  ///< bytes of log

  bool durable() const noexcept { return !path.empty(); }
};

/// Errors: ConfigError naming the part, what it takes and the known ones.
Parameters parse_parameters(const driver::BackendConfig& config);

/// "123", "64KiB", "2GiB" …
std::uint64_t parse_size(std::string_view name, std::string_view text);
/// "500ms", "10s", "5m", "24h", "7d".
Duration parse_duration(std::string_view name, std::string_view text);

}  // namespace omnibus::embedded
