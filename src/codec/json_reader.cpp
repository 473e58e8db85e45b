#include <omnibus/schema/detail/json_reader.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <utility>

#include <omnibus/detail/nearest.hpp>
#include <omnibus/error.hpp>

#include "codec/parse_double.hpp"
#include "codec/path.hpp"
#include "codec/string_growth.hpp"
#include "codec/text_scan.hpp"

namespace omnibus::schema::detail {

namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// What a text begins with. A word that only looks like a literal is none.
std::string_view kind_of(std::string_view text) noexcept {
  const char first = text.front();
  switch (first) {
    case '"':
      return "a string";
    case '{':
      return "an object";
    case '[':
      return "a list";
    default:
      break;
  }
  if (first == '-' || is_digit(first) || text.starts_with("NaN") || text.starts_with("Infinity")) {
    return "a number";
  }
  if (text.starts_with("true") || text.starts_with("false")) return "a boolean";
  return text.starts_with("null") ? "null" : "no JSON value";
}

/// A UTF-16 unit pair or a single unit as UTF-8.
void append_utf8(std::string& to, unsigned code) {
  const auto put = [&to](unsigned byte) { to += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

/// Whether a number that the type cannot hold is too small for it, rather than too large: its first
/// significant digit stands behind the decimal point once the exponent is applied.
bool is_tiny(const char* at, const char* end) noexcept {
  const char* const exponent = std::find_if(at, end, [](char c) { return c == 'e' || c == 'E'; });
  const char* const point = std::find(at, exponent, '.');
  const char* const first = std::find_if(at, exponent, [](char c) { return c >= '1' && c <= '9'; });
  const std::ptrdiff_t place = first < point ? point - first : point - first + 1;
  std::ptrdiff_t power = 0;
  if (exponent != end) {
    const char* const digits = exponent + (exponent[1] == '+' ? 2 : 1);
    if (std::from_chars(digits, end, power).ec != std::errc()) return exponent[1] == '-';
  }
  return power < -place;
}

}  // namespace

JsonReader::JsonReader(std::string_view text, const JsonOptions& options)
    : begin_(text.data()),
      cursor_(begin_),
      end_(begin_ + text.size()),
      depth_(options.max_depth),
      max_depth_(options.max_depth),
      max_size_(options.max_size),
      reject_unknown_(options.reject_unknown) {}

bool JsonReader::begin() {
  const auto size = static_cast<std::size_t>(end_ - begin_);
  if (size > max_size_) {
    return fail_at(0, "the text has " + std::to_string(size) + " bytes, more than the limit of " +
                          std::to_string(max_size_));
  }
  if (std::string_view(begin_, size).starts_with("\xef\xbb\xbf")) return fail("unexpected byte order mark");
  skip_space();
  return true;
}

bool JsonReader::finish() {
  skip_space();
  return cursor_ == end_ || fail("unexpected text after the value");
}

void JsonReader::skip_more_space() noexcept {
  while (cursor_ != end_ && is_space(*cursor_)) ++cursor_;
}

JsonReader::Next JsonReader::cannot_open(char bracket, const char* expected) {
  if (cursor_ == end_ || *cursor_ != bracket) {
    wrong_type(expected);
  } else {
    fail("nested deeper than " + std::to_string(max_depth_) + " levels");
  }
  return Next::failed;
}

JsonReader::Next JsonReader::stray_comma(const char* comma, char close) {
  cursor_ = comma;
  fail(std::string("a comma before \"") + close + '"');
  return Next::failed;
}

JsonReader::Next JsonReader::unfinished(char close) {
  if (cursor_ == end_) {
    fail("the text ends too early");
  } else {
    fail(std::string(R"(expected "," or ")") + close + '"');
  }
  return Next::failed;
}

bool JsonReader::key(std::string_view& name) {
  if (cursor_ == end_) return fail("the text ends too early");
  if (*cursor_ != '"') return fail("expected a key in quotes");
  key_ = cursor_;
  const char* const from = cursor_ + 1;
  const char* const end = find_special(from, end_);
  if (end != end_ && *end == '"') {
    name = {from, static_cast<std::size_t>(end - from)};
    cursor_ = end + 1;
  } else {
    if (!string(scratch_)) return false;
    name = scratch_;
  }
  if (skip_colon()) return true;
  return fail(cursor_ == end_ ? "the text ends too early" : "expected \":\" after the key");
}

std::size_t JsonReader::find(std::span<const std::string_view> names, std::string_view name,
                             std::size_t hint) {
  const std::size_t count = names.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = hint + i < count ? hint + i : hint + i - count;
    if (names[at] == name) return at;
  }
  return count;
}

bool JsonReader::no_boolean() {
  const char first = peek();
  if (first != 't' && first != 'f') return wrong_type("a boolean");
  return expect_literal(first == 't' ? "true" : "false");
}

bool JsonReader::expect_literal(std::string_view word) {
  if (!std::string_view(cursor_, static_cast<std::size_t>(end_ - cursor_)).starts_with(word)) {
    return fail("expected \"" + std::string(word) + '"');
  }
  cursor_ += word.size();
  return true;
}

template <class Value>
bool JsonReader::whole(Value& value, Value least, Value most) {
  const char first = peek();
  if (first != '-' && !is_digit(first)) return wrong_type("an integer");
  const ParsedNumber number = parse_number(cursor_, end_);
  if (number.end == nullptr) return fail("malformed number");
  if (!number.integral) return fail("expected an integer, found a fraction or exponent");
  using Limits = std::numeric_limits<Value>;
  const std::uint64_t most_below_zero = std::is_signed_v<Value> ? std::uint64_t{1} << 63 : 0;
  bool fits =
      number.exact && number.digits <= (number.negative ? most_below_zero : std::uint64_t{Limits::max()});
  // Twenty digits may fit an unsigned integer.
  if (!number.exact && std::is_unsigned_v<Value>) {
    fits = std::from_chars(cursor_, number.end, value).ec == std::errc();
  } else if (fits) {
    value = static_cast<Value>(number.negative ? 0 - number.digits : number.digits);
  }
  if (!fits || value < least || value > most) {
    return fail("integer out of range " + std::to_string(least) + " to " + std::to_string(most));
  }
  cursor_ = number.end;
  return true;
}

bool JsonReader::integer(std::int64_t& value, std::int64_t least, std::int64_t most) {
  return whole(value, least, most);
}
bool JsonReader::unsigned_integer(std::uint64_t& value, std::uint64_t most) {
  return whole(value, std::uint64_t{0}, most);
}

template <class Value>
bool JsonReader::real(Value& value) {
  const char first = peek();
  const bool negative = first == '-';
  if (first == 'N' || first == 'I' || (negative && end_ - cursor_ > 1 && cursor_[1] == 'I')) {
    using Limits = std::numeric_limits<Value>;
    value = first == 'N' ? Limits::quiet_NaN() : negative ? -Limits::infinity() : Limits::infinity();
    return expect_literal(first == 'N' ? "NaN" : negative ? "-Infinity" : "Infinity");
  }
  if (!negative && !is_digit(first)) return wrong_type("a number");
  const ParsedNumber number = parse_number(cursor_, end_);
  if (number.end == nullptr) return fail("malformed number");
  if constexpr (std::is_same_v<Value, double>) {
    if (to_double(number, value)) {
      cursor_ = number.end;
      return true;
    }
  }
  if (std::from_chars(cursor_, number.end, value).ec != std::errc()) {
    if (!is_tiny(cursor_, number.end)) return fail("number beyond the range of the type");
    value = negative ? -Value{0} : Value{0};
  }
  cursor_ = number.end;
  return true;
}

bool JsonReader::numbers(std::vector<double>& list) {
  Next state = open_list();
  for (std::size_t index = 0; state == Next::item; ++index) {
    double value = 0;
    if (!(peek() == 'n' && skip_null()) && !real(value)) return fail_in_item(index);
    list.push_back(value);
    state = next(']');
  }
  return state == Next::end;
}

bool JsonReader::number(double& value) { return real(value); }
bool JsonReader::number(float& value) { return real(value); }

bool JsonReader::string(std::string& value) {
  if (peek() != '"') return wrong_type("a string");
  const char* const from = cursor_ + 1;
  const char* at = from;
  if (static_cast<std::size_t>(end_ - from) >= block_size) {
    const Block block = load_block(from);
    const auto plain = static_cast<std::size_t>(std::countr_zero(special_mask(block) | 1u << block_size));
    // A short string, as most are: its block goes straight into the string's own buffer.
    if (plain < block_size && from[plain] == '"' && value.capacity() + 1 >= block_size) {
      store_block(value.data(), block);
      set_size(value, plain);
      cursor_ = from + plain + 1;
      return true;
    }
    at += plain;
  }
  for (;;) {
    at = find_special(at, end_);
    if (at == end_) break;
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"') {
      value.assign(from, static_cast<std::size_t>(at - from));
      cursor_ = at + 1;
      return true;
    }
    if (c < 0x80) break;
    const std::size_t size = utf8_sequence(at, end_);
    if (size == 0) break;
    at += size;
  }
  value.assign(from, static_cast<std::size_t>(at - from));
  return string_rest(at, value);
}

bool JsonReader::string_rest(const char* at, std::string& value) {
  while (at != end_) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"') {
      cursor_ = at + 1;
      return true;
    }
    if (c == '\\') {
      if (!escape(at, value)) return false;
    } else if (c < 0x20) {
      return fail_at(static_cast<std::size_t>(at - begin_), "control character in a string; escape it");
    } else if (c >= 0x80) {
      const std::size_t size = utf8_sequence(at, end_);
      if (size == 0) return fail_at(static_cast<std::size_t>(at - begin_), "not UTF-8");
      value.append(at, size);
      at += size;
    }
    const char* const next = find_special(at, end_);
    value.append(at, static_cast<std::size_t>(next - at));
    at = next;
  }
  return fail_at(static_cast<std::size_t>(end_ - begin_), "the text ends inside a string");
}

bool JsonReader::unit(const char* at, unsigned& value) const noexcept {
  if (end_ - at < 4) return false;
  const auto result = std::from_chars(at, at + 4, value, 16);
  return result.ec == std::errc() && result.ptr == at + 4;
}

bool JsonReader::escape(const char*& at, std::string& value) {
  const auto offset = static_cast<std::size_t>(at - begin_);
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (end_ - at < 2) return fail_at(static_cast<std::size_t>(end_ - begin_), "the text ends inside a string");
  if (at[1] != 'u') {
    const std::size_t which = letters.find(at[1]);
    if (which == std::string_view::npos) return fail_at(offset, "unknown escape");
    value += meanings[which];
    at += 2;
    return true;
  }
  unsigned code = 0;
  if (!unit(at + 2, code)) return fail_at(offset, "malformed \\u escape");
  at += 6;
  if (code >= 0xd800 && code <= 0xdfff) {
    unsigned low = 0;
    const bool pair = code < 0xdc00 && end_ - at >= 6 && at[0] == '\\' && at[1] == 'u' && unit(at + 2, low) &&
                      low >= 0xdc00 && low <= 0xdfff;
    if (!pair) return fail_at(offset, "lone surrogate");
    code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
    at += 6;
  }
  append_utf8(value, code);
  return true;
}

bool JsonReader::enumerator(std::span<const std::string_view> names, std::size_t& index) {
  const std::size_t offset = this->offset();
  if (!string(scratch_)) return false;
  index = find(names, scratch_, 0);
  if (index != names.size()) return true;
  std::string known;
  for (const std::string_view name : names) known.append(known.empty() ? "" : ", ").append(name);
  return fail_at(offset, "unknown value; known are " + known);
}

bool JsonReader::skip_unknown(std::span<const std::string_view> known, std::string_view name) {
  const std::string kept(name);  // the view ends with the next call
  if (!reject_unknown_) return skip_value() || fail_in_field(kept);
  const std::string near = omnibus::detail::nearest(kept, known);
  fail_at(static_cast<std::size_t>(key_ - begin_),
          "unknown field \"" + kept + '"' + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return fail_in_field(kept);
}

bool JsonReader::skip_value() {
  switch (peek()) {
    case '"':
      return string(scratch_);
    case '{':
      return skip_object();
    case '[':
      return skip_list();
    case 't':
      return expect_literal("true");
    case 'f':
      return expect_literal("false");
    case 'n':
      return expect_literal("null");
    default:
      return skip_number();
  }
}

bool JsonReader::skip_number() {
  const char first = peek();
  if (first == 'N') return expect_literal("NaN");
  if (first == 'I') return expect_literal("Infinity");
  if (first == '-' && end_ - cursor_ > 1 && cursor_[1] == 'I') return expect_literal("-Infinity");
  if (first != '-' && !is_digit(first)) return wrong_type("a value");
  const ParsedNumber number = parse_number(cursor_, end_);
  if (number.end == nullptr) return fail("malformed number");
  cursor_ = number.end;
  return true;
}

bool JsonReader::skip_object() {
  Next state = open_object();
  while (state == Next::item) {
    std::string_view name;
    if (!key(name)) return false;
    const std::string kept(name);
    if (!skip_value()) return fail_in_field(kept);
    state = next('}');
  }
  return state == Next::end;
}

bool JsonReader::skip_list() {
  Next state = open_list();
  for (std::size_t index = 0; state == Next::item; ++index) {
    if (!skip_value()) return fail_in_item(index);
    state = next(']');
  }
  return state == Next::end;
}

bool JsonReader::wrong_type(const char* expected) {
  if (cursor_ == end_) return fail(std::string("the text ends where ") + expected + " is expected");
  return fail(std::string("expected ").append(expected).append(", found ").append(kind_of({cursor_, end_})));
}

bool JsonReader::fail(std::string reason) { return fail_at(offset(), std::move(reason)); }

bool JsonReader::fail_at(std::size_t offset, std::string reason) {
  failed_at_ = offset;
  reason_ = std::move(reason);
  return false;
}

bool JsonReader::fail_in_field(std::string_view name) {
  prepend_field(path_, name);
  return false;
}

bool JsonReader::fail_in_item(std::size_t index) {
  prepend_item(path_, index);
  return false;
}

void JsonReader::raise(std::string_view type) const {
  throw DecodeError(reason_, std::string(type), '$' + path_, failed_at_);
}

}  // namespace omnibus::schema::detail
