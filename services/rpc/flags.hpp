#pragma once

#include <string_view>

#include <omnibus/settings.hpp>

#include "services/rpc/server.hpp"

namespace omnibus::rpc {

/// Adds `--<name>-request-queue` and `--<name>-response-queue`.
Flags queue_flags(Flags flags, std::string_view name, std::string_view request, std::string_view response);

/// What those flags and the flag `concurrency` ask for. Errors: ConfigError for a malformed queue name, or
/// fewer than one request at once.
ServerSettings server_settings(const Settings& settings, std::string_view id, std::string_view name,
                               std::string_view concurrency);

}  // namespace omnibus::rpc
