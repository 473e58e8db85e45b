#pragma once

/// What travels to the configuration service. Beside the catalogue's ConfigRequest there is one request of
/// our own.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/config.hpp>

namespace omnibus::config {

/// A ConfigRequest with the fields of the operation `apply` behind it. Services that do not know them ignore
/// them and answer `bad-operation`. A member's trailing underscore is not part of its name on the wire.
struct ConfigCall {
  std::string operation;
  std::optional<std::vector<catalogue::ConfigKey>> keys = std::nullopt;
  std::optional<std::string> type = std::nullopt;
  std::optional<std::vector<catalogue::ConfigValue>> values = std::nullopt;
  /// apply: refuse with error type `conflict` when the version is another one.
  std::optional<std::int64_t> if_version = std::nullopt;
  std::optional<std::vector<catalogue::ConfigValue>> put = std::nullopt;
  std::optional<std::vector<catalogue::ConfigKey>> delete_ = std::nullopt;
};

/// Error types of the answers.
inline constexpr std::string_view config_error = "config-error";
inline constexpr std::string_view bad_operation = "bad-operation";
inline constexpr std::string_view conflict = "conflict";
inline constexpr std::string_view too_large = "too_large";

}  // namespace omnibus::config
