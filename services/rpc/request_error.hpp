#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::rpc {

/// A request that asks for what the service does not have: answered with error type `request-error`.
class RequestError : public Error {
 public:
  explicit RequestError(std::string message) : Error(ErrorCode::config, std::move(message)) {}
};

/// Error types of the answers. Source: trustgraph services, "Error types by service".
inline constexpr std::string_view request_error = "request-error";
inline constexpr std::string_view unexpected_error = "unexpected-error";

/// Whether no message can hold what was to be sent, so that nothing was and nothing is gained by sending it
/// again.
inline bool never_fits(const Error& error) noexcept {
  return error.code() == ErrorCode::too_large || error.code() == ErrorCode::encode;
}

/// The field that an operation cannot do without. Errors: ConfigError.
template <class T>
const T& required(const std::optional<T>& field, std::string_view operation, std::string_view name) {
  if (field) return *field;
  throw ConfigError(std::string(operation) + " needs '" + std::string(name) + "'");
}

}  // namespace omnibus::rpc
