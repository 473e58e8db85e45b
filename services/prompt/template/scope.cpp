#include "services/prompt/template/scope.hpp"

#include <algorithm>
#include <charconv>

namespace omnibus::prompt {
namespace {

/// A key of an object, an index of a list or text.
Value member(const boost::json::value& whole, std::string_view word) {
  if (const auto* object = whole.if_object()) {
    const auto* found = object->if_contains(word);
    return found != nullptr ? Value(*found) : Value();
  }
  std::size_t index = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), index);
  if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) return {};
  auto all = elements(whole);
  return all && index < all->size() ? Value(std::move((*all)[index])) : Value();
}

}  // namespace

Value Scope::find(std::string_view name) const {
  const auto frame =
      std::find_if(frames_.rbegin(), frames_.rend(), [&](const Frame& each) { return each.contains(name); });
  if (frame != frames_.rend()) return frame->find(name)->second;
  const auto* found = terms_.if_contains(name);
  return found != nullptr ? Value(*found) : Value();
}

Value Scope::resolve(std::string_view path) const {
  auto dot = path.find('.');
  auto current = find(path.substr(0, dot));
  while (current && dot != std::string_view::npos) {
    path.remove_prefix(dot + 1);
    dot = path.find('.');
    current = member(*current, path.substr(0, dot));
  }
  return current;
}

}  // namespace omnibus::prompt
