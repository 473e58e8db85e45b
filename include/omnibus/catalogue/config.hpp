#pragma once

/// The configuration service. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view config_push_queue = "q2/tg/config/config";
inline constexpr std::string_view config_request_queue = "q0/tg/request/config";
inline constexpr std::string_view config_response_queue = "q0/tg/response/config";

/// The address of a configuration item.
struct ConfigKey {
  std::string type = {};
  std::string key = {};

  friend bool operator==(const ConfigKey&, const ConfigKey&) = default;
};

/// A configuration item; an unknown key is answered without a value.
struct ConfigValue {
  std::string type = {};
  std::string key = {};
  std::optional<std::string> value = std::nullopt;

  friend bool operator==(const ConfigValue&, const ConfigValue&) = default;
};

/// Operations on the configuration: get, list, getvalues, put, delete, config.
struct ConfigRequest {
  std::string operation = {};
  std::optional<std::vector<ConfigKey>> keys = std::nullopt;
  std::optional<std::string> type = std::nullopt;
  std::optional<std::vector<ConfigValue>> values = std::nullopt;

  friend bool operator==(const ConfigRequest&, const ConfigRequest&) = default;
};

/// The answer to a ConfigRequest; only what the operation asks for is there.
struct ConfigResponse {
  std::optional<std::int64_t> version = std::nullopt;
  std::optional<std::vector<ConfigValue>> values = std::nullopt;
  std::optional<std::vector<std::string>> directory = std::nullopt;
  std::optional<std::map<std::string, std::map<std::string, std::string>>> config = std::nullopt;
  std::optional<Error> error = std::nullopt;

  friend bool operator==(const ConfigResponse&, const ConfigResponse&) = default;
};

/// The whole configuration, told to everybody after each change.
struct ConfigPush {
  std::int64_t version = 0;
  std::map<std::string, std::map<std::string, std::string>> config = {};

  friend bool operator==(const ConfigPush&, const ConfigPush&) = default;
};

}  // namespace omnibus::catalogue
