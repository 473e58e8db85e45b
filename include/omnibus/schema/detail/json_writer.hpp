#pragma once

/// Writes JSON text; the templates of json_codec.hpp decide what. Not for direct use.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <omnibus/detail/export.hpp>
#include <omnibus/schema/schema.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::schema::detail {

/// Appends to a string. Calls that return bool answer false after the first failure; the callers on the way
/// out then add their part of the path, innermost first, and the outermost calls raise(). Threads: one at a
/// time.
class JsonWriter {
 public:
  JsonWriter(std::string& out, const JsonOptions& options);
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;
  /// Without finish(), takes back what was written.
  ~JsonWriter();
  /// Keeps what was written; the last call.
  void finish();

  bool emits_nulls() const noexcept { return nulls_ == Nulls::emit; }

  /// Appends a literal. Its size is known at compile time, so this is a few stores.
  template <std::size_t Size>
  void literal(const char (&text)[Size]) {
    constexpr std::size_t size = Size - 1;
    room(size);
    std::memcpy(cursor_, text, size);
    cursor_ += size;
  }
  void character(char c) {
    room(1);
    *cursor_++ = c;
  }
  void boolean(bool value) {
    if (value) {
      literal("true");
    } else {
      literal("false");
    }
  }
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  bool number(double value);
  bool number(float value);
  /// A list of numbers.
  bool numbers(std::span<const double> list);
  /// Errors: not UTF-8.
  bool string(std::string_view text);
  /// The same; the reason advises base64.
  bool bytes(std::string_view text);

  /// Begins an object or list. Errors: too deep.
  bool open(char bracket) {
    if (depth_ == 0) return too_deep();
    --depth_;
    character(bracket);
    return true;
  }
  /// Ends one; each item before it wrote a comma behind itself.
  void close(char bracket) {
    ++depth_;
    if (cursor_[-1] == ',') {
      cursor_[-1] = bracket;
    } else {
      character(bracket);
    }
  }

  bool fail(std::string reason);
  bool fail_in_field(std::string_view name);
  bool fail_in_item(std::size_t index);
  [[noreturn]] void raise(std::string_view type) const;

 private:
  void room(std::size_t size) {
    if (static_cast<std::size_t>(end_ - cursor_) < size) grow(size);
  }
  void grow(std::size_t size);
  bool too_deep();
  bool text(std::string_view value, const char* advice);
  bool special(const char*& at, const char* end);
  bool not_finite(std::string_view name);
  template <class Value>
  bool real(Value value);

  std::string& out_;
  std::size_t start_;
  char* cursor_;
  char* end_;
  std::size_t depth_;
  std::size_t max_depth_;
  Nulls nulls_;
  std::string reason_ = {};
  std::string path_ = {};
};

}  // namespace omnibus::schema::detail
OMNIBUS_EXPORT_END
