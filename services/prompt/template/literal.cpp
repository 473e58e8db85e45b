#include "services/prompt/template/literal.hpp"

#include <charconv>

namespace omnibus::prompt {
namespace {

constexpr int max_depth = 32;

/// Reads one literal and keeps its place.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  /// Elements up to `close`, or to the end of the text when that is 0. `comma` tells whether one was there.
  bool list(char close, boost::json::array& out, bool& comma) {
    for (;;) {
      if (ends(close)) return true;
      auto element = value();
      if (!element) return false;
      out.push_back(std::move(*element));
      if (ends(close)) return true;
      if (!take(',')) return false;
      comma = true;
    }
  }

 private:
  Value value() {
    blanks();
    if (at_ == text_.size() || depth_ == max_depth) return {};
    ++depth_;
    auto out = of(text_[at_]);
    --depth_;
    return out;
  }
  Value of(char first) {
    if (first == '\'' || first == '"') return text();
    if (take('[')) return brackets(']');
    if (take('(')) return brackets(')');
    if (take('{')) return dict();
    return word();
  }
  Value brackets(char close) {
    boost::json::array out;
    bool comma = false;
    if (!list(close, out, comma)) return {};
    if (close == ')' && !comma && out.size() == 1) return std::move(out[0]);
    return out;
  }
  Value dict() {
    boost::json::object out;
    while (!ends('}')) {
      auto key = value();
      if (!key || !key->is_string() || !take(':')) return {};
      auto item = value();
      if (!item) return {};
      out.insert_or_assign(key->get_string(), std::move(*item));
      if (!take(',') && !(blanks(), at_ < text_.size() && text_[at_] == '}')) return {};
    }
    return out;
  }
  Value text() {
    boost::json::string out;
    const char quote = text_[at_++];
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote) return ++at_, Value(out);
      if (c != '\\') {
        out.push_back(c);
      } else if (++at_ < text_.size()) {
        escape(text_[at_], out);
      }
    }
    return {};
  }
  static void escape(char c, boost::json::string& out) {
    constexpr std::string_view names = "ntr\\'\"0abfv", meanings{"\n\t\r\\'\"\0\a\b\f\v", 11};
    const auto found = names.find(c);
    if (found == std::string_view::npos) out.push_back('\\');
    out.push_back(found == std::string_view::npos ? c : meanings[found]);
  }
  Value word() {
    const auto begin = at_;
    while (at_ < text_.size() && std::string_view(" \t\r\n,]}):").find(text_[at_]) == std::string_view::npos)
      ++at_;
    auto word = text_.substr(begin, at_ - begin);
    if (word == "True") return true;
    if (word == "False") return false;
    if (word == "None") return nullptr;
    if (word.starts_with('+')) word.remove_prefix(1);
    return number(word);
  }
  static Value number(std::string_view word) {
    const auto digits = word.starts_with('-') ? word.substr(1) : word;
    if (digits.empty() || (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'))) return {};
    const auto* end = word.data() + word.size();
    std::int64_t whole = 0;
    if (const auto read = std::from_chars(word.data(), end, whole);
        read.ec == std::errc{} && read.ptr == end) {
      return whole;
    }
    double real = 0;
    const auto read = std::from_chars(word.data(), end, real);
    return read.ec == std::errc{} && read.ptr == end ? Value(real) : Value();
  }

  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool ends(char close) {
    if (close != 0) return take(close);
    blanks();
    return at_ == text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Value parse_literal(std::string_view text) {
  boost::json::array out;
  bool comma = false;
  if (!Reader(text).list(0, out, comma) || out.empty()) return {};
  if (!comma) return std::move(out[0]);
  return out;
}

}  // namespace omnibus::prompt
