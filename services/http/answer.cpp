#include "services/http/answer.hpp"

#include <boost/json/object.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::http {
namespace {

/// Of a body that is no JSON, and of one that is: what a message surely holds.
constexpr std::size_t longest_reason = 2000, longest_json = 64u << 10;

/// Whatever bytes a server sends, as text that a message can carry.
std::string printable(std::string_view bytes) {
  std::string out(bytes);
  for (auto& c : out) {
    if (c != '\n' && (c < ' ' || c > '~')) c = '?';
  }
  return out;
}

}  // namespace

boost::json::value parsed(std::string_view body) {
  try {
    return json::parse(body, "the model's answer");
  } catch (const Error& error) {
    throw ProtocolError(error.message());
  }
}

const boost::json::value* member(const boost::json::value* whole, std::string_view key) {
  const auto* inside = whole != nullptr ? whole->if_object() : nullptr;
  return inside != nullptr ? inside->if_contains(key) : nullptr;
}

Error failure_of(int status, std::string_view body) {
  auto reason = printable(body.substr(0, longest_reason));
  try {
    if (body.size() <= longest_json) reason = json::python_repr(json::parse(body, ""));
  } catch (const Error&) {
    // The bytes themselves tell it.
  }
  const auto text = "Error code: " + std::to_string(status) + (reason.empty() ? "" : " - " + reason);
  if (status == 429) return TooManyRequests(text);
  return {ErrorCode::unavailable, text};
}

}  // namespace omnibus::http
