#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// What went wrong, in terms that hold for every broker. Programs act on this, never on the text.
enum class ErrorCode : std::uint8_t {
  timeout,            ///< nothing happened within the time given
  closed,             ///< the handle was closed
  config,             ///< a name, flag, option or URL is malformed or unknown
  decode,             ///< bytes are not a valid message of the type
  encode,             ///< a value cannot be written
  protocol,           ///< the peer broke the protocol
  unavailable,        ///< the broker cannot be reached now
  authentication,     ///< credentials are missing or wrong
  forbidden,          ///< credentials lack the right
  not_found,          ///< the queue, subscription or object does not exist
  conflict,           ///< somebody else holds it: exclusive consumer, identity, version
  too_large,          ///< over a size limit
  no_space,           ///< the disk or the quota is full
  io,                 ///< reading or writing storage failed
  corrupt,            ///< stored data is damaged
  no_subscription,    ///< the broker told that nobody would receive it
  stale_ack,          ///< the delivery is no longer held by this consumer
  would_block,        ///< the send window is full and the caller chose not to wait
  unknown_outcome,    ///< a transaction may or may not have been committed
  unsupported,        ///< the backend lacks the ability
  too_many_requests,  ///< a service asks to slow down
  internal,           ///< a defect of this library
};

/// The code's name, for example "too_large".
std::string_view to_string(ErrorCode code) noexcept;

/// The base of all failures. Cheap to copy; the text is "what failed: why (hint)".
/// Threads: immutable, share freely.
class Error : public std::exception {
 public:
  struct Details {
    bool retryable = false;    ///< the same call may succeed later
    std::string backend = {};  ///< which backend reported it, empty for the library itself
    std::string native = {};   ///< the broker's own code or text
    std::string hint = {};     ///< what the reader can do
  };

  Error(ErrorCode code, std::string message);
  Error(ErrorCode code, std::string message, Details details);

  ErrorCode code() const noexcept;
  bool retryable() const noexcept;
  const std::string& backend() const noexcept;
  const std::string& native() const noexcept;
  const std::string& hint() const noexcept;
  /// The message without the hint.
  const std::string& message() const noexcept;
  const char* what() const noexcept override;

  /// The same error, its message preceded by "<context>: ".
  Error with_context(std::string_view context) const;

  /// Throws the subclass that belongs to code().
  [[noreturn]] void raise() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// A wait passed without result. Source: the spec's TimeoutError of receive().
class TimeoutError : public Error {
 public:
  explicit TimeoutError(std::string message) : Error(ErrorCode::timeout, std::move(message)) {}
  explicit TimeoutError(const Error& error) : Error(error) {}
};

/// The handle was closed, by this or another thread.
class ClosedError : public Error {
 public:
  explicit ClosedError(std::string message) : Error(ErrorCode::closed, std::move(message)) {}
  explicit ClosedError(const Error& error) : Error(error) {}
};

/// A name, flag, option or URL is malformed or unknown.
class ConfigError : public Error {
 public:
  explicit ConfigError(std::string message, std::string hint = {})
      : Error(ErrorCode::config, std::move(message), {.hint = std::move(hint)}) {}
  explicit ConfigError(const Error& error) : Error(error) {}
};

/// Bytes are not a valid message of the type.
class DecodeError : public Error {
 public:
  /// Shape: `type` as declared, `path` like "$.values[2].key", `offset` in bytes from the payload's start.
  DecodeError(std::string reason, std::string type, std::string path, std::size_t offset);
  explicit DecodeError(const Error& error) : Error(error) {}

  /// What is wrong, without type, path and offset.
  const std::string& reason() const noexcept { return reason_; }
  const std::string& type() const noexcept { return type_; }
  const std::string& path() const noexcept { return path_; }
  std::size_t offset() const noexcept { return offset_; }

 private:
  std::string reason_, type_, path_;
  std::size_t offset_ = 0;
};

/// A value cannot be written.
class EncodeError : public Error {
 public:
  EncodeError(const std::string& reason, std::string type, std::string path);
  explicit EncodeError(const Error& error) : Error(error) {}

  const std::string& type() const noexcept { return type_; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string type_, path_;
};

/// The peer broke the protocol.
class ProtocolError : public Error {
 public:
  explicit ProtocolError(std::string message) : Error(ErrorCode::protocol, std::move(message)) {}
  explicit ProtocolError(const Error& error) : Error(error) {}
};

/// A service asks its caller to slow down; the framework waits and runs the handler again.
class TooManyRequests : public Error {
 public:
  explicit TooManyRequests(std::string message = "too many requests")
      : Error(ErrorCode::too_many_requests, std::move(message), {.retryable = true}) {}
  explicit TooManyRequests(const Error& error) : Error(error) {}
};

/// The Error inside any exception; others become ErrorCode::internal with their text.
Error to_error(const std::exception_ptr& exception) noexcept;

}  // namespace omnibus
OMNIBUS_EXPORT_END
