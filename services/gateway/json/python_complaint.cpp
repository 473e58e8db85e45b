#include <algorithm>
#include <optional>

#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace {

constexpr int max_depth = 500;

/// Walks over JSON as Python's scanner does. Every step returns false once a complaint is found.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::string complaint() {
    skip_space();
    if (value(0)) {
      skip_space();
      if (at_ != text_.size()) complain("Extra data", at_);
    }
    return result_;
  }

 private:
  bool complain(std::string_view what, std::size_t where) {
    const auto before = text_.substr(0, where);
    const auto characters = [](std::string_view part) {
      return std::count_if(part.begin(), part.end(), [](char c) { return (c & 0xC0) != 0x80; });
    };
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto newline = before.rfind('\n');
    const auto column =
        characters(newline == std::string_view::npos ? before : before.substr(newline + 1)) + 1;
    result_ = std::string(what) + ": line " + std::to_string(line) + " column " + std::to_string(column) +
              " (char " + std::to_string(characters(before)) + ")";
    return false;
  }

  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++at_;
  }
  bool digits() {
    const auto start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > start;
  }

  bool value(int depth) {
    if (depth > max_depth) return complain("Nested too deeply", at_);
    if (at('"')) return string();
    if (at('{')) return object(depth);
    if (at('[')) return array(depth);
    for (const std::string_view word : {"null", "true", "false", "NaN", "Infinity", "-Infinity"}) {
      if (take(word)) return true;
    }
    return number() || complain("Expecting value", at_);
  }

  bool number() {
    const auto start = at_;
    take("-");
    if (!at('0') ? !digits() : !take("0")) {
      at_ = start;
      return false;
    }
    auto whole = at_;
    if (take(".") && digits()) whole = at_;
    at_ = whole;
    if (take("e") || take("E")) {
      if (!take("+")) take("-");
      if (digits()) whole = at_;
    }
    at_ = whole;
    return true;
  }

  bool object(int depth) {
    ++at_;
    skip_space();
    if (take("}")) return true;
    while (true) {
      if (!at('"')) return complain("Expecting property name enclosed in double quotes", at_);
      if (!string()) return false;
      skip_space();
      if (!take(":")) return complain("Expecting ':' delimiter", at_);
      skip_space();
      if (!value(depth + 1)) return false;
      skip_space();
      if (take("}")) return true;
      if (!take(",")) return complain("Expecting ',' delimiter", at_);
      skip_space();
    }
  }

  bool array(int depth) {
    ++at_;
    skip_space();
    if (take("]")) return true;
    while (true) {
      if (!value(depth + 1)) return false;
      skip_space();
      if (take("]")) return true;
      if (!take(",")) return complain("Expecting ',' delimiter", at_);
      skip_space();
    }
  }

  bool string() {
    const auto begin = at_++;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return complain("Invalid control character at", at_);
      ++at_;
      if (c == '"') return true;
      if (c == '\\' && !escape(begin)) return false;
    }
    return complain("Unterminated string starting at", begin);
  }

  bool escape(std::size_t begin) {
    if (at_ >= text_.size()) return complain("Unterminated string starting at", begin);
    const char c = text_[at_];
    if (c != 'u') {
      constexpr std::string_view known = "\"\\/bfnrt";
      if (known.find(c) == std::string_view::npos) return complain("Invalid \\escape", at_ - 1);
      ++at_;
      return true;
    }
    const auto digits = text_.substr(at_ + 1, 4);
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    if (digits.size() < 4 || digits.find_first_not_of(hex) != std::string_view::npos) {
      return complain("Invalid \\uXXXX escape", at_);
    }
    at_ += 5;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string result_;
};

}  // namespace

std::string python_complaint(std::string_view text) { return Scanner(text).complaint(); }

}  // namespace omnibus::gateway
