#pragma once

/// The declaration of what clients see of a message: one line per field with its key, its member and two
/// rules, one for each direction. A new service declares its messages and has no other code:
///
///     template <>
///     inline constexpr auto keys<catalogue::EmbeddingsRequest> =
///         keys_of(key("text", &catalogue::EmbeddingsRequest::text, required));
///
/// Source: gateway facts, "Services: JSON keys".
/// Threads: constants and pure functions.

#include <string_view>
#include <tuple>

#include "services/gateway/translate/rules.hpp"

namespace omnibus::gateway {

/// One field: how it is read from a request, how it is written to an answer.
template <class Struct, class Member, class In, class Out>
struct Key {
  std::string_view name;
  Member Struct::*member;
  In in;
  Out out;
};

template <class Struct, class Member, class In = rule::Optional, class Out = rule::Always>
constexpr auto key(std::string_view name, Member Struct::*member, In in = {}, Out out = {}) {
  return Key<Struct, Member, In, Out>{name, member, in, out};
}

/// A field of an answer.
template <class Struct, class Member, class Out = rule::Always>
constexpr auto shown(std::string_view name, Member Struct::*member, Out out = {}) {
  return Key<Struct, Member, rule::Optional, Out>{name, member, {}, out};
}

template <class... Keys>
constexpr auto keys_of(Keys... declared) {
  return std::tuple<Keys...>(declared...);
}

/// Reads a request. Errors: TranslationError.
template <Declared Struct>
void read_keys(const Fields& fields, Struct& message) {
  std::apply([&](const auto&... each) { (each.in.read(fields, each.name, message.*each.member), ...); },
             keys<Struct>);
}

/// Writes an answer. Errors: TranslationError.
template <Declared Struct>
boost::json::object write_keys(const Struct& message) {
  boost::json::object result;
  std::apply([&](const auto&... each) { (each.out.write(result, each.name, message.*each.member), ...); },
             keys<Struct>);
  return result;
}

/// What a request becomes. An overload beside a message does more than its keys say.
template <Declared Struct>
void translate(const Fields& fields, Struct& message) {
  read_keys(fields, message);
}

/// What an answer becomes. An overload beside a message does more than its keys say.
template <Declared Struct>
boost::json::object answer(const Struct& message) {
  return write_keys(message);
}

/// Whether an answer is the last one of its request; null: always. Declared beside the answer.
template <class Response>
using Last = bool (*)(const Response&);
template <class Response>
inline constexpr Last<Response> is_last = nullptr;

/// The rule of the services that stream.
template <class Response>
bool ends_stream(const Response& response) {
  return response.end_of_stream;
}

}  // namespace omnibus::gateway
