#pragma once

/// Reads JSON text; the templates of json_codec.hpp decide into what. Not for direct use.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/schema/schema.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::schema::detail {

/// One pass over the text. Calls answer false after the first failure; the callers on the way out then add
/// their part of the path, innermost first, and the outermost calls raise().
/// Threads: one at a time.
class JsonReader {
 public:
  /// What follows an item of an object or list.
  enum class Next : std::uint8_t { item, end, failed };

  JsonReader(std::string_view text, const JsonOptions& options);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Before the first value: size limit, byte order mark, white space.
  bool begin();
  /// After the last value: nothing but white space.
  bool finish();

  /// The next value's first character; 0 at the end of the text.
  char peek() const noexcept { return cursor_ == end_ ? '\0' : *cursor_; }
  /// Skips `null` when it is the next value.
  bool skip_null() noexcept {
    if (end_ - cursor_ < 4 || std::memcmp(cursor_, "null", 4) != 0) return false;
    cursor_ += 4;
    return true;
  }

  /// Begins an object or list; end when it is empty. `expected` names what the type wants.
  Next open_object(const char* expected = "an object") { return open('{', '}', expected); }
  Next open_list() { return open('[', ']', "a list"); }
  /// After an item: the comma and the next one, or the end.
  Next next(char close) {
    skip_space();
    if (cursor_ == end_) return unfinished(close);
    if (*cursor_ == ',') {
      const char* const comma = cursor_++;
      skip_space();
      return cursor_ != end_ && *cursor_ == close ? stray_comma(comma, close) : Next::item;
    }
    if (*cursor_ != close) return unfinished(close);
    ++cursor_;
    ++depth_;
    return Next::end;
  }

  /// Skips `"name"` and its colon when they come next; `quoted` has the quotes.
  template <std::size_t Size>
  bool skip_key(const char (&quoted)[Size]) noexcept {
    constexpr std::size_t size = Size - 1;
    if (static_cast<std::size_t>(end_ - cursor_) <= size || std::memcmp(cursor_, quoted, size) != 0) {
      return false;
    }
    const char* const at = cursor_;
    cursor_ += size;
    if (skip_colon()) return true;
    cursor_ = at;
    return false;
  }
  /// Reads any key and its colon. The view holds until the next call.
  bool key(std::string_view& name);
  /// The field's index, or names.size(). Looks from `hint` on and around.
  static std::size_t find(std::span<const std::string_view> names, std::string_view name, std::size_t hint);

  bool boolean(bool& value) {
    const auto left = static_cast<std::size_t>(end_ - cursor_);
    if (left >= 4 && std::memcmp(cursor_, "true", 4) == 0) {
      value = true;
      cursor_ += 4;
      return true;
    }
    if (left < 5 || std::memcmp(cursor_, "false", 5) != 0) return no_boolean();
    value = false;
    cursor_ += 5;
    return true;
  }
  bool integer(std::int64_t& value, std::int64_t least, std::int64_t most);
  bool unsigned_integer(std::uint64_t& value, std::uint64_t most);
  bool number(double& value);
  bool number(float& value);
  /// A list of numbers, appended.
  bool numbers(std::vector<double>& list);
  bool string(std::string& value);
  /// One of `names`; its index.
  bool enumerator(std::span<const std::string_view> names, std::size_t& index);
  /// Passes over the value of a key that is none of `known`, unless the options forbid such keys.
  bool skip_unknown(std::span<const std::string_view> known, std::string_view name);
  /// Passes over one value of any kind, checking its grammar.
  bool skip_value();

  bool fail(std::string reason);
  /// Where the value being read began, for failures found after it.
  std::size_t offset() const noexcept { return static_cast<std::size_t>(cursor_ - begin_); }
  bool fail_at(std::size_t offset, std::string reason);
  bool fail_in_field(std::string_view name);
  bool fail_in_item(std::size_t index);
  [[noreturn]] void raise(std::string_view type) const;

 private:
  void skip_space() noexcept {
    if (cursor_ != end_ && static_cast<unsigned char>(*cursor_) <= ' ') skip_more_space();
  }
  bool skip_colon() noexcept {
    skip_space();
    if (cursor_ == end_ || *cursor_ != ':') return false;
    ++cursor_;
    skip_space();
    return true;
  }
  void skip_more_space() noexcept;
  Next open(char bracket, char close, const char* expected) {
    if (cursor_ == end_ || *cursor_ != bracket || depth_ == 0) return cannot_open(bracket, expected);
    --depth_;
    ++cursor_;
    skip_space();
    if (cursor_ == end_ || *cursor_ != close) return Next::item;
    ++cursor_;
    ++depth_;
    return Next::end;
  }
  Next cannot_open(char bracket, const char* expected);
  Next stray_comma(const char* comma, char close);
  Next unfinished(char close);
  bool wrong_type(const char* expected);
  bool no_boolean();
  bool expect_literal(std::string_view word);
  bool string_rest(const char* at, std::string& value);
  bool escape(const char*& at, std::string& value);
  bool unit(const char* at, unsigned& value) const noexcept;
  bool skip_number();
  bool skip_object();
  bool skip_list();
  template <class Value>
  bool whole(Value& value, Value least, Value most);
  template <class Value>
  bool real(Value& value);

  const char* begin_;
  const char* cursor_;
  const char* key_ = nullptr;  // the opening quote of the last key that key() read
  const char* end_;
  std::size_t depth_;
  std::size_t max_depth_;
  std::size_t max_size_;
  bool reject_unknown_;
  std::string scratch_ = {};
  std::string reason_ = {};
  std::string path_ = {};
  std::size_t failed_at_ = 0;
};

}  // namespace omnibus::schema::detail
OMNIBUS_EXPORT_END
