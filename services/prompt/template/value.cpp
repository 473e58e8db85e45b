#include "services/prompt/template/value.hpp"

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::value;

[[noreturn]] void refuse(const char* what) { throw ConfigError(what); }

/// A number or a truth value as a double; nothing for anything else.
std::optional<double> number(const value& item) {
  if (item.is_bool()) return item.get_bool() ? 1.0 : 0.0;
  if (item.is_number()) return item.to_number<double>();
  return std::nullopt;
}

bool same(const value& left, const value& right) {
  const auto a = number(left), b = number(right);
  if (a && b) return left.kind() == right.kind() ? left == right : *a == *b;
  return left == right;
}

/// The code point that starts at `at`, which moves behind it. The JSON parser has checked the text.
char32_t next(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t code = lead & (0x3Fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  }
  return code;
}

}  // namespace

bool truthy(const Value& item) {
  if (!item) return false;
  switch (item->kind()) {
    case boost::json::kind::null:
      return false;
    case boost::json::kind::string:
      return !item->get_string().empty();
    case boost::json::kind::array:
      return !item->get_array().empty();
    case boost::json::kind::object:
      return !item->get_object().empty();
    default:
      return *number(*item) != 0;
  }
}

std::string text_of(const Value& item) { return item ? json::python_text(*item) : std::string{}; }

bool equal(const Value& left, const Value& right) { return left && right && same(*left, *right); }

bool less(const Value& left, const Value& right) {
  if (!left || !right) refuse("an unknown name has no order");
  const auto a = number(*left), b = number(*right);
  if (a && b) return *a < *b;
  if (left->is_string() && right->is_string()) return left->get_string() < right->get_string();
  refuse("values of these types have no order");
}

bool contains(const Value& whole, const Value& part) {
  if (!whole || !part) return false;
  if (whole->is_string()) {
    const std::string_view text = whole->get_string();
    return text.find(std::string_view(string_of(part))) != std::string_view::npos;
  }
  const auto all = elements(whole);
  if (!all) refuse("only text, lists and objects contain something");
  for (const auto& element : *all) {
    if (same(element, *part)) return true;
  }
  return false;
}

std::optional<std::vector<value>> elements(const Value& item) {
  if (!item) return std::vector<value>{};
  std::vector<value> out;
  if (const auto* list = item->if_array()) {
    out.assign(list->begin(), list->end());
  } else if (const auto* object = item->if_object()) {
    for (const auto& [key, unused] : *object) out.emplace_back(key);
  } else if (const auto* text = item->if_string()) {
    for (const auto code : code_points(*text)) out.emplace_back(utf8({&code, 1}));
  } else {
    return std::nullopt;
  }
  return out;
}

const boost::json::string& string_of(const Value& item) {
  if (!item || !item->is_string()) refuse("this takes text");
  return item->get_string();
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) out += next(text, at);
  return out;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const auto code : text) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      tail(6), tail(0);
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      tail(12), tail(6), tail(0);
    }
  }
  return out;
}

std::int64_t integer_of(const Value& item) {
  if (item && item->is_int64()) return item->get_int64();
  if (item && item->is_bool()) return item->get_bool() ? 1 : 0;
  refuse("this takes an integer");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace omnibus::prompt
