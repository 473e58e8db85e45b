#include "codec/path.hpp"

#include <algorithm>
#include <cstddef>

namespace omnibus::schema::detail {

namespace {

constexpr std::size_t longest_name = 64;  // of a key in a path: hostile keys must not fill the logs

bool is_word(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

void prepend_field(std::string& path, std::string_view name) {
  std::string part;
  if (is_word(name) && name.size() <= longest_name) {
    part.append(1, '.').append(name);
  } else {
    part = "[\"";
    for (const char c : name.substr(0, longest_name)) {
      if (static_cast<unsigned char>(c) < 0x20) {
        part += '?';
        continue;
      }
      if (c == '"' || c == '\\') part += '\\';
      part += c;
    }
    part += name.size() > longest_name ? "…\"]" : "\"]";
  }
  path.insert(0, part);
}

void prepend_item(std::string& path, std::size_t index) { path.insert(0, '[' + std::to_string(index) + ']'); }

}  // namespace omnibus::schema::detail
