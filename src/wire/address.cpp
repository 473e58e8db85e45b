#include "wire/address.hpp"

#include <algorithm>
#include <charconv>

#include <omnibus/error.hpp>

namespace omnibus::wire {
namespace {

[[noreturn]] void malformed(std::string_view text) {
  text.remove_prefix(text.rfind('@') + 1);  // no secrets; npos is one less than 0
  throw ConfigError("malformed address \"" + std::string(text) + "\"",
                    "it looks like host, host:port or [::1]:port");
}

std::uint16_t parse_port(std::string_view text, std::string_view whole) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) malformed(whole);
  return port;
}

}  // namespace

std::string Address::str() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Address Address::parse(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) malformed(text);
    host = text.substr(1, end - 1);
    has_port = end + 1 < text.size();
    if (has_port && text[end + 1] != ':') malformed(text);
    if (has_port) port = text.substr(end + 2);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
    if (host.find(':') != std::string_view::npos) malformed(text);
  }
  if (host.empty() || host.find_first_of("/@?# ") != std::string_view::npos) malformed(text);
  return {std::string(host), has_port ? parse_port(port, text) : default_port};
}

std::vector<Address> Address::parse_list(std::string_view text, std::uint16_t default_port) {
  std::vector<Address> addresses;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    addresses.push_back(parse(text.substr(0, comma), default_port));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return addresses;
}

}  // namespace omnibus::wire
