#pragma once

#include <omnibus/catalogue/core.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::Value> = keys_of(key("v", &catalogue::Value::value, required),
                                                       key("e", &catalogue::Value::is_uri, required));

template <>
inline constexpr auto keys<catalogue::Triple> = keys_of(key("s", &catalogue::Triple::s, required, not_null),
                                                        key("p", &catalogue::Triple::p, required, not_null),
                                                        key("o", &catalogue::Triple::o, required, not_null));

template <>
inline constexpr auto keys<catalogue::Metadata> = keys_of(
    key("id", &catalogue::Metadata::id, required), key("metadata", &catalogue::Metadata::metadata, required),
    key("user", &catalogue::Metadata::user, required),
    key("collection", &catalogue::Metadata::collection, required));

}  // namespace omnibus::gateway
