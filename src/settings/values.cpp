#include <algorithm>
#include <charconv>
#include <cmath>

#include <omnibus/detail/nearest.hpp>

#include "settings/parsing.hpp"

namespace omnibus::settings {

namespace {

using Kind = Definition::Kind;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

template <class Number>
bool parses(const std::string& value, Number& number) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc{} && end == value.data() + value.size();
}

std::string checked_choice(const Definition& definition, Source source, const std::string& value) {
  const auto wanted = lower(value);
  std::vector<std::string> lowered;
  for (const auto& choice : definition.choices) {
    lowered.push_back(lower(choice));
    if (lowered.back() == wanted) return choice;
  }
  const auto near = detail::nearest(wanted, lowered);
  throw ConfigError(
      called(definition, source) + ": unknown '" + value + "', known are " + joined(definition.choices),
      !near.empty() ? "did you mean " + near + "?" : "");
}

/// What a malformed value of this kind should have been; null when `value` is fine.
const char* complaint(Kind kind, const std::string& value) {
  switch (kind) {
    case Kind::integer: {
      std::int64_t number = 0;
      return parses(value, number) ? nullptr : "a whole number";
    }
    case Kind::number: {
      double number = 0;
      return parses(value, number) && std::isfinite(number) ? nullptr : "a number";
    }
    case Kind::port: {
      std::uint16_t number = 0;
      return parses(value, number) ? nullptr : "a port, 0 to 65535";
    }
    case Kind::duration:
      return parse_duration(value) ? nullptr : "a time such as 250ms, 10s, 5m or 1h30m";
    case Kind::size:
      return parse_size(value) ? nullptr : "a size in bytes such as 4096, 64KiB or 256MiB";
    default:
      return nullptr;
  }
}

}  // namespace

std::string called(const Definition& definition, Source source) {
  if (definition.kind == Kind::positional) return definition.name;
  return source == Source::variable ? definition.env : "--" + definition.name;
}

std::string checked(const Definition& definition, Source source, const std::string& value) {
  if (definition.kind == Kind::choice) return checked_choice(definition, source, value);
  if (const char* wanted = complaint(definition.kind, value)) {
    const auto shown = definition.hidden ? "the value" : "'" + value + "'";
    throw ConfigError(called(definition, source) + ": " + shown + " is not " + wanted);
  }
  return value;
}

}  // namespace omnibus::settings
