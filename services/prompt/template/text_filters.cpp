#include "services/prompt/template/text_filters.hpp"

#include <clocale>
#include <cwctype>

#include <algorithm>
#include <array>

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::value;

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string text_argument(const Arguments& all, std::size_t number) {
  if (number >= all.size()) throw ConfigError("an argument is missing");
  return std::string(string_of(all[number]));
}

/// The character classes of Unicode, whatever the process's locale is.
locale_t unicode() {
  static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return made;
}

Value recased(std::string_view text, std::wint_t (*convert)(std::wint_t, locale_t)) {
  auto points = code_points(text);
  for (auto& point : points) point = static_cast<char32_t>(convert(point, unicode()));
  return value(utf8(points));
}
Value upper(const Value& item, const Arguments&) { return recased(string_of(item), ::towupper_l); }
Value lower(const Value& item, const Arguments&) { return recased(string_of(item), ::towlower_l); }

Value escape(const Value& item, const Arguments&) { return value(escaped(string_of(item))); }

Value starts_with(const Value& item, const Arguments& args) {
  return string_of(item).starts_with(text_argument(args, 0));
}
Value ends_with(const Value& item, const Arguments& args) {
  return string_of(item).ends_with(text_argument(args, 0));
}

/// Blanks between `>` and `<` go.
Value spaceless(const Value& item, const Arguments&) {
  std::string out;
  const std::string_view text = string_of(item);
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (text[at] != '>') continue;
    auto next = at + 1;
    while (next < text.size() && blank(text[next])) ++next;
    if (next < text.size() && text[next] == '<') at = next - 1;
  }
  return value(out);
}

Value strip_tags(const Value& item, const Arguments&) {
  std::string out;
  std::string_view text = string_of(item);
  while (!text.empty()) {
    const auto open = text.find('<'), close = text.find('>', std::min(open, text.size()));
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    text.remove_prefix(close + 1);
  }
  return value(out += text);
}

Value teaser(const Value& item, const Arguments& args) {
  const auto mark = args.empty() ? "<!-- more -->" : text_argument(args, 0);
  const std::string_view text = string_of(item);
  const auto found = text.find(mark);
  return value(found == std::string_view::npos ? std::string_view{} : text.substr(0, found));
}

/// The first letter of each word; `don't` is one word.
Value title(const Value& item, const Arguments&) {
  std::string out(string_of(item));
  bool within = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (letter(out[i])) {
      if (!within && out[i] >= 'a') out[i] = static_cast<char>(out[i] - 'a' + 'A');
      within = true;
    } else {
      within = within && out[i] == '\'' && i + 1 < out.size() && letter(out[i + 1]);
    }
  }
  return value(out);
}

Value truncate_chars(const Value& item, const Arguments& args) {
  auto points = code_points(string_of(item));
  if (args.empty()) throw ConfigError("an argument is missing");
  const auto most = integer_of(args[0]);
  if (static_cast<std::int64_t>(points.size()) <= most) return item;
  points.resize(static_cast<std::size_t>(std::max<std::int64_t>(most - 3, 0)));
  const auto end = points.find_last_not_of(U" .,;:?!");
  points.resize(end == std::u32string::npos ? 0 : end + 1);
  return value(utf8(points) + (args.size() > 1 ? text_argument(args, 1) : "..."));
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (bool within = false; const char c : text) {
    if (blank(c)) {
      within = false;
      continue;
    }
    if (!within) out.emplace_back();
    out.back() += c;
    within = true;
  }
  return out;
}

Value truncate_words(const Value& item, const Arguments& args) {
  if (args.empty()) throw ConfigError("an argument is missing");
  const auto most = integer_of(args[0]);
  const auto all = words(string_of(item));
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (static_cast<std::int64_t>(i) >= most)
      return value(out + (args.size() > 1 ? text_argument(args, 1) : " [...]"));
    out += (i == 0 ? "" : " ") + all[i];
  }
  return value(out);
}

Value wrap(const Value& item, const Arguments& args) {
  const auto tag = text_argument(args, 0);
  return value("<" + tag + ">" + text_of(item) + "</" + tag + ">");
}

Value split(std::string_view text, const Arguments& args) {
  boost::json::array out;
  if (args.empty()) {
    for (auto& word : words(text)) out.emplace_back(std::move(word));
    return out;
  }
  const auto separator = text_argument(args, 0);
  if (separator.empty()) throw ConfigError("an empty separator");
  for (;;) {
    const auto found = text.find(separator);
    out.emplace_back(text.substr(0, found));
    if (found == std::string_view::npos) return out;
    text.remove_prefix(found + separator.size());
  }
}

Value replace(std::string_view text, const Arguments& args) {
  const auto from = text_argument(args, 0), to = text_argument(args, 1);
  if (from.empty()) throw ConfigError("an empty text to replace");
  std::string out;
  for (;;) {
    const auto found = text.find(from);
    out += text.substr(0, found);
    if (found == std::string_view::npos) return value(out);
    out += to;
    text.remove_prefix(found + from.size());
  }
}

struct Named {
  std::string_view name;
  Filter filter;
};
constexpr std::array filters{
    Named{"e", escape},
    Named{"endswith", ends_with},
    Named{"esc", escape},
    Named{"escape", escape},
    Named{"lower", lower},
    Named{"spaceless", spaceless},
    Named{"startswith", starts_with},
    Named{"striptags", strip_tags},
    Named{"teaser", teaser},
    Named{"title", title},
    Named{"titlecase", title},
    Named{"truncatechars", truncate_chars},
    Named{"truncatewords", truncate_words},
    Named{"upper", upper},
    Named{"wrap", wrap},
};

}  // namespace

Filter find_text_filter(std::string_view name) {
  const auto* found =
      std::find_if(filters.begin(), filters.end(), [&](const Named& each) { return each.name == name; });
  return found == filters.end() ? nullptr : found->filter;
}

Value call_on_text(std::string_view text, std::string_view name, const Arguments& arguments) {
  const Value item(text);
  if (name == "strip") return value(trimmed(text));
  if (name == "split") return split(text, arguments);
  if (name == "replace") return replace(text, arguments);
  if (name == "join") return find_filter("join")(arguments.empty() ? Value() : arguments[0], {item});
  for (const std::string_view method : {"upper", "lower", "title", "startswith", "endswith"}) {
    if (name == method) return find_text_filter(name)(item, arguments);
  }
  throw ConfigError("text has no such method");
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#x27;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace omnibus::prompt
