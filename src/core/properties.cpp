#include <omnibus/properties.hpp>

#include <omnibus/error.hpp>

#include "core/text.hpp"

namespace omnibus {
namespace {

constexpr std::size_t longest_key = 200;
constexpr std::size_t longest_value = 32u << 10;
constexpr std::size_t most_bytes = 64u << 10;

[[noreturn]] void refuse(std::string_view key, const std::string& reason) {
  throw ConfigError("property " + text::quoted(key) + ": " + reason);
}

void check_text(std::string_view key, std::string_view text, std::string_view what, std::size_t limit) {
  const std::string name(what);
  if (text.size() > limit) {
    refuse(key, "the " + name + " has " + std::to_string(text.size()) + " bytes, the limit is " +
                    std::to_string(limit));
  }
  if (text.find('\0') != std::string_view::npos) refuse(key, "the " + name + " holds U+0000");
  if (!text::is_utf8(text)) refuse(key, "the " + name + " is not well-formed UTF-8");
}

}  // namespace

void validate(const Properties& properties) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : properties) {
    if (key.empty()) refuse(key, "the key is empty");
    check_text(key, key, "key", longest_key);
    check_text(key, value, "value", longest_value);
    if (key.starts_with("omnibus-")) refuse(key, "keys that start with \"omnibus-\" are reserved");
    bytes += key.size() + value.size();
  }
  if (bytes > most_bytes) {
    throw ConfigError("properties have " + std::to_string(bytes) + " bytes together, the limit is " +
                      std::to_string(most_bytes));
  }
}

}  // namespace omnibus
