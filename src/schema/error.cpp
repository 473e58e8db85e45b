#include <omnibus/error.hpp>

#include <array>
#include <exception>
#include <new>
#include <utility>

namespace omnibus {

std::string_view to_string(ErrorCode code) noexcept {
  constexpr std::array<std::string_view, 22> names{"timeout",
                                                   "closed",
                                                   "config",
                                                   "decode",
                                                   "encode",
                                                   "protocol",
                                                   "unavailable",
                                                   "authentication",
                                                   "forbidden",
                                                   "not_found",
                                                   "conflict",
                                                   "too_large",
                                                   "no_space",
                                                   "io",
                                                   "corrupt",
                                                   "no_subscription",
                                                   "stale_ack",
                                                   "would_block",
                                                   "unknown_outcome",
                                                   "unsupported",
                                                   "too_many_requests",
                                                   "internal"};
  static_assert(names.size() == static_cast<std::size_t>(ErrorCode::internal) + 1);
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : "unknown";
}

struct Error::State {
  ErrorCode code;
  std::string message;
  Details details;
  std::string text;  // what(): message and hint
};

Error::Error(ErrorCode code, std::string message) : Error(code, std::move(message), Details{}) {}

Error::Error(ErrorCode code, std::string message, Details details) {
  std::string text = message;
  if (!details.hint.empty()) text.append(" (").append(details.hint).append(")");
  state_ =
      std::make_shared<const State>(State{code, std::move(message), std::move(details), std::move(text)});
}

ErrorCode Error::code() const noexcept { return state_->code; }
bool Error::retryable() const noexcept { return state_->details.retryable; }
const std::string& Error::backend() const noexcept { return state_->details.backend; }
const std::string& Error::native() const noexcept { return state_->details.native; }
const std::string& Error::hint() const noexcept { return state_->details.hint; }
const std::string& Error::message() const noexcept { return state_->message; }
const char* Error::what() const noexcept { return state_->text.c_str(); }

Error Error::with_context(std::string_view context) const {
  std::string message(context);
  message.append(": ").append(state_->message);
  return {state_->code, std::move(message), state_->details};
}

void Error::raise() const {
  switch (state_->code) {
    case ErrorCode::timeout:
      throw TimeoutError(*this);
    case ErrorCode::closed:
      throw ClosedError(*this);
    case ErrorCode::config:
      throw ConfigError(*this);
    case ErrorCode::decode:
      throw DecodeError(*this);
    case ErrorCode::encode:
      throw EncodeError(*this);
    case ErrorCode::protocol:
      throw ProtocolError(*this);
    case ErrorCode::too_many_requests:
      throw TooManyRequests(*this);
    default:
      throw Error(*this);
  }
}

DecodeError::DecodeError(std::string reason, std::string type, std::string path, std::size_t offset)
    : Error(ErrorCode::decode,
            "cannot decode " + type + " at " + path + ", offset " + std::to_string(offset) + ": " + reason),
      reason_(std::move(reason)),
      type_(std::move(type)),
      path_(std::move(path)),
      offset_(offset) {}

EncodeError::EncodeError(const std::string& reason, std::string type, std::string path)
    : Error(ErrorCode::encode, "cannot encode " + type + " at " + path + ": " + reason),
      type_(std::move(type)),
      path_(std::move(path)) {}

Error to_error(const std::exception_ptr& exception) noexcept {
  if (exception == nullptr) return {ErrorCode::internal, "no exception"};
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::internal, "out of memory"};
  } catch (const std::exception& error) {
    return {ErrorCode::internal, error.what()};
  } catch (...) {
    return {ErrorCode::internal, "an exception of unknown type"};
  }
}

}  // namespace omnibus
