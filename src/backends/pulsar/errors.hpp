#pragma once

#include <string>
#include <string_view>

#include <omnibus/error.hpp>

#include "backends/pulsar/proto.hpp"

namespace omnibus::pulsar {

/// What a broker's error means here; `what` is what was tried, for example "cannot subscribe".
Error error_from(proto::ServerError code, const std::string& message, std::string_view what);

/// An error of this backend itself.
Error make_error(ErrorCode code, std::string message, bool retryable, std::string hint = {});

/// For links that ended: worth another try over a new one.
Error link_error(std::string message);

}  // namespace omnibus::pulsar
