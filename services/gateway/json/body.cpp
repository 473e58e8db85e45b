#include "services/gateway/json/body.hpp"

#include <boost/json/parse.hpp>

namespace omnibus::gateway {

namespace {

constexpr std::size_t max_depth = 128;

/// What the strict reader refuses and Python's would take.
std::string stricter(const boost::system::error_code& ec) {
  if (ec == boost::json::error::too_deep)
    return "Nested more than " + std::to_string(max_depth) + " levels deep";
  return "Not JSON: a bare NaN or Infinity, or an unpaired surrogate escape";
}

/// Where UTF-8 breaks; empty when it does not.
std::string utf8_complaint(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = byte(at);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : 9;
    bool good = more != 9;
    for (std::size_t i = 1; good && i <= more; ++i) good = (byte(at + i) & 0xC0) == 0x80;
    const unsigned second = byte(at + 1);
    if (good && ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                 (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))) {
      good = false;
    }
    if (!good) return "Not UTF-8 at byte " + std::to_string(at);
    at += more + 1;
  }
  return {};
}

}  // namespace

boost::json::value parse_body(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code ec;
  auto value = boost::json::parse({text.data(), text.size()}, ec, {}, options);
  if (!ec) return value;
  if (auto complaint = utf8_complaint(text); !complaint.empty()) throw NotJson(std::move(complaint));
  if (auto complaint = python_complaint(text); !complaint.empty()) throw NotJson(std::move(complaint));
  throw NotJson(stricter(ec));
}

}  // namespace omnibus::gateway
