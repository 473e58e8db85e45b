#pragma once

/// Messages as JSON text, outside of any queue:
///
///     std::string text = omnibus::json::encode(greeting);
///     auto greeting = omnibus::json::decode<Greeting>(text);

#include <string>
#include <string_view>

#include <omnibus/error.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::json {

using Options = schema::JsonOptions;

/// Appends the JSON text of a message, or of any member type, to `out`.
/// Errors: EncodeError (not UTF-8, not finite with nulls = omit, nested too deep); `out` is then as it was.
/// Threads: any.
template <class T>
void encode_to(const T& value, std::string& out, const Options& options = {}) {
  schema::detail::encode_json<T>(&value, options, out);
}

/// The JSON text. Errors and threads as encode_to.
template <class T>
std::string encode(const T& value, const Options& options = {}) {
  std::string text;
  encode_to(value, text, options);
  return text;
}

/// Overwrites `value`; absent fields take their default.
/// Errors: DecodeError with type, path and offset; `value` is then unspecified but valid. Threads: any.
template <class T>
void decode_to(std::string_view text, T& value, const Options& options = {}) {
  schema::detail::decode_json<T>(text, options, &value);
}

/// The value of a JSON text. Errors and threads as decode_to.
template <class T>
T decode(std::string_view text, const Options& options = {}) {
  T value{};
  decode_to(text, value, options);
  return value;
}

}  // namespace omnibus::json
