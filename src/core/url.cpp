#include "core/url.hpp"

#include <algorithm>
#include <optional>

#include <omnibus/metrics.hpp>

#include "core/text.hpp"

namespace omnibus {
namespace {

[[noreturn]] void malformed(std::string_view url, std::string_view reason) {
  throw ConfigError("malformed URL " + text::quoted(without_secrets(url)) + ": " + std::string(reason),
                    "expected scheme://…, for example embedded:// or embedded:///var/lib/omnibus");
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

std::string percent_decoded(std::string_view url, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) malformed(url, "'%' must be followed by two hex digits");
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

void parse_query(std::string_view url, std::string_view query, Extra& parameters) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string key = percent_decoded(url, pair.substr(0, equals));
    std::string value = percent_decoded(url, pair.substr(std::min(equals + 1, pair.size())));
    if (key.empty()) malformed(url, "a parameter has no name");
    if (!parameters.emplace(key, std::move(value)).second) {
      malformed(url, "parameter " + text::quoted(key) + " is given twice");
    }
  }
}

bool is_scheme(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

std::string without_secrets(std::string_view url) {
  if (url.find("://") != std::string_view::npos) return redacted("url", url);
  return std::string(url.substr(0, url.find_first_of("?@")));  // no URL: what follows may be anything
}

driver::BackendConfig parse_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) malformed(url, "\"://\" is missing");
  if (!is_scheme(url.substr(0, scheme))) malformed(url, "the scheme must be lower-case letters");
  if (text::has_control(url)) malformed(url, "control characters are not allowed");
  driver::BackendConfig config;
  config.url = url;
  config.scheme = url.substr(0, scheme);
  const std::string_view behind = url.substr(scheme + 3);
  const std::size_t question = std::min(behind.find('?'), behind.size());
  config.rest = behind.substr(0, question);
  parse_query(url, behind.substr(std::min(question + 1, behind.size())), config.parameters);
  return config;
}

}  // namespace omnibus
