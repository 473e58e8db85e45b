#include "services/gateway/translate/base64_text.hpp"

#include <algorithm>
#include <cctype>
#include <omnibus/base64.hpp>

#include "services/gateway/translate/fields.hpp"

namespace omnibus::gateway {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_data(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/'; }

/// Source: CPython 3.12, Modules/binascii.c.
[[noreturn]] void refuse(const std::string& text, const std::string& path) {
  const auto foreign = [](char c) { return static_cast<unsigned char>(c) > 0x7f; };
  if (std::any_of(text.begin(), text.end(), foreign)) {
    throw TranslationError("string argument should contain only ASCII characters");
  }
  const auto count = std::count_if(text.begin(), text.end(), is_data);
  if (count % 4 == 1) {
    throw TranslationError("Invalid base64-encoded string: number of data characters (" +
                           std::to_string(count) + ") cannot be 1 more than a multiple of 4");
  }
  if (count % 4 != 0 && text.find('=') == std::string::npos) throw TranslationError("Incorrect padding");
  throw TranslationError(path + ": not base64 (standard alphabet, padded)");
}

}  // namespace

bool may_be_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_data(c) || c == '=' || c == '\r' || c == '\n'; });
}

std::string from_base64(std::string text, const std::string& path) {
  text.erase(std::remove_if(text.begin(), text.end(), is_space), text.end());
  auto bytes = base64::decode(text);
  if (!bytes) refuse(text, path);
  return std::move(*bytes);
}

std::string normal_base64(std::string text, const std::string& path) {
  text.erase(std::remove_if(text.begin(), text.end(), is_space), text.end());
  if (!base64::decode(text)) refuse(text, path);
  return text;
}

}  // namespace omnibus::gateway
