#include "services/gateway/page/page.hpp"

#include <algorithm>

namespace omnibus::gateway {

const PageFile* find_page(std::string_view path) noexcept {
  for (const auto& file : page_files()) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

bool has_already(const PageFile& file, std::string_view if_none_match) noexcept {
  while (!if_none_match.empty()) {
    auto tag = if_none_match.substr(0, if_none_match.find(','));
    if_none_match.remove_prefix(std::min(tag.size() + 1, if_none_match.size()));
    tag.remove_prefix(std::min(tag.find_first_not_of(" \t"), tag.size()));
    tag = tag.substr(0, tag.find_last_not_of(" \t") + 1);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == file.etag) return true;
  }
  return false;
}

}  // namespace omnibus::gateway
