#pragma once

#include <omnibus/catalogue/config.hpp>

#include "services/config/messages.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::ConfigKey> = keys_of(key("type", &catalogue::ConfigKey::type, required),
                                                           key("key", &catalogue::ConfigKey::key, required));

template <>
inline constexpr auto keys<catalogue::ConfigValue> = keys_of(
    key("type", &catalogue::ConfigValue::type, required), key("key", &catalogue::ConfigValue::key, required),
    key("value", &catalogue::ConfigValue::value, required));

template <>
inline constexpr auto keys<catalogue::ConfigRequest> = keys_of(
    key("operation", &catalogue::ConfigRequest::operation), key("keys", &catalogue::ConfigRequest::keys),
    key("type", &catalogue::ConfigRequest::type), key("values", &catalogue::ConfigRequest::values));

/// The operation `apply`; `if-version` is how the other kinds would write it.
template <>
inline constexpr auto keys<config::ConfigCall> = keys_of(key("operation", &config::ConfigCall::operation),
                                                         key("if-version", &config::ConfigCall::if_version),
                                                         key("if_version", &config::ConfigCall::if_version),
                                                         key("put", &config::ConfigCall::put),
                                                         key("delete", &config::ConfigCall::delete_));

template <>
inline constexpr auto keys<catalogue::ConfigResponse> =
    keys_of(shown("version", &catalogue::ConfigResponse::version, unless_null),
            shown("values", &catalogue::ConfigResponse::values, unless_null),
            shown("directory", &catalogue::ConfigResponse::directory, unless_null),
            shown("config", &catalogue::ConfigResponse::config, unless_null));

}  // namespace omnibus::gateway
