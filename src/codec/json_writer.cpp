#include <omnibus/schema/detail/json_writer.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <omnibus/error.hpp>

#include "codec/digits.hpp"
#include "codec/path.hpp"
#include "codec/shortest.hpp"
#include "codec/string_growth.hpp"
#include "codec/text_scan.hpp"

namespace omnibus::schema::detail {

namespace {

constexpr std::size_t longest_number = 32;
constexpr std::size_t slack = 64;  // room behind every value, so that short literals rarely grow the text

/// The escape of a byte below 0x20, `"` or `\`; returns its size.
std::size_t write_escape(char* to, unsigned char c) noexcept {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view prefix = "\\u00";
  char letter = 0;
  switch (c) {
    case '"':
    case '\\':
      letter = static_cast<char>(c);
      break;
    case '\b':
      letter = 'b';
      break;
    case '\f':
      letter = 'f';
      break;
    case '\n':
      letter = 'n';
      break;
    case '\r':
      letter = 'r';
      break;
    case '\t':
      letter = 't';
      break;
    default:
      to = std::copy(prefix.begin(), prefix.end(), to);
      to[0] = hex[c >> 4];
      to[1] = hex[c & 15];
      return prefix.size() + 2;
  }
  to[0] = '\\';
  to[1] = letter;
  return 2;
}

}  // namespace

JsonWriter::JsonWriter(std::string& out, const JsonOptions& options)
    : out_(out),
      start_(out.size()),
      cursor_(out.data() + start_),
      end_(cursor_),
      depth_(options.max_depth),
      max_depth_(options.max_depth),
      nulls_(options.nulls) {
  grow(slack);
}

JsonWriter::~JsonWriter() {
  if (cursor_ != nullptr) set_size(out_, start_);
}

void JsonWriter::finish() {
  set_size(out_, static_cast<std::size_t>(cursor_ - out_.data()));
  cursor_ = nullptr;
}

void JsonWriter::grow(std::size_t size) {
  const auto used = static_cast<std::size_t>(cursor_ - out_.data());
  set_size(out_, used);
  grow_uninitialised(out_, used + size + slack);
  cursor_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

void JsonWriter::integer(std::int64_t value) {
  room(longest_number);
  *cursor_ = '-';
  cursor_ += value < 0 ? 1 : 0;
  const auto magnitude = static_cast<std::uint64_t>(value);
  unsigned_integer(value < 0 ? 0 - magnitude : magnitude);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  room(longest_number);
  const unsigned count = count_digits(value);
  write_digits(cursor_, value, count);
  cursor_ += count;
}

template <class Value>
bool JsonWriter::real(Value value) {
  room(longest_number);
  if (!std::isfinite(value))
    return not_finite(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
  cursor_ = write_shortest(cursor_, value);
  return true;
}

bool JsonWriter::number(double value) { return real(value); }
bool JsonWriter::number(float value) { return real(value); }

bool JsonWriter::numbers(std::span<const double> list) {
  constexpr std::size_t portion = 256;
  if (!open('[')) return false;
  for (std::size_t done = 0; done < list.size();) {
    const std::size_t size = std::min(portion, list.size() - done);
    room(size * shortest_item + shortest_room);
    const std::size_t written = write_shortest_list(cursor_, list.subspan(done, size));
    done += written;
    if (written == size) continue;
    if (!real(list[done])) return fail_in_item(done);
    *cursor_++ = ',';  // real() made room
    ++done;
  }
  close(']');
  return true;
}

bool JsonWriter::not_finite(std::string_view name) {
  if (nulls_ != Nulls::emit) {
    return fail(std::string(name) + " is not a JSON number (only nulls = emit writes it)");
  }
  std::memcpy(cursor_, name.data(), name.size());
  cursor_ += name.size();
  return true;
}

bool JsonWriter::string(std::string_view value) { return text(value, ""); }
bool JsonWriter::bytes(std::string_view value) { return text(value, "; base64 the bytes first"); }

bool JsonWriter::text(std::string_view value, const char* advice) {
  room(value.size() + 2 + block_size);
  *cursor_++ = '"';
  const char* at = value.data();
  const char* const end = at + value.size();
  while (at != end) {
    const std::size_t copied = copy_plain(cursor_, at, static_cast<std::size_t>(end - at));
    at += copied;
    cursor_ += copied;
    const auto left = static_cast<std::size_t>(end - at);
    const bool whole = left >= block_size;
    const Block block = whole ? load_block(at) : load_tail(at, left);
    store_block(cursor_, block);
    unsigned mask = special_mask(block);
    if (!whole) mask &= (1u << left) - 1;
    const std::size_t plain =
        mask == 0 ? (whole ? block_size : left) : static_cast<std::size_t>(std::countr_zero(mask));
    at += plain;
    cursor_ += plain;
    if (mask != 0 && !special(at, end)) {
      return fail("not UTF-8 at byte " + std::to_string(at - value.data()) + advice);
    }
  }
  *cursor_++ = '"';
  return true;
}

bool JsonWriter::special(const char*& at, const char* end) {
  do {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x80) {
      cursor_ += write_escape(cursor_, c);
      ++at;
    } else {
      const std::size_t size = utf8_sequence(at, end);
      if (size == 0) return false;
      std::memcpy(cursor_, at, size);
      cursor_ += size;
      at += size;
    }
    room(static_cast<std::size_t>(end - at) + 2 + block_size);
  } while (at != end && !is_plain(static_cast<unsigned char>(*at)));
  return true;
}

bool JsonWriter::too_deep() { return fail("nested deeper than " + std::to_string(max_depth_) + " levels"); }

bool JsonWriter::fail(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

bool JsonWriter::fail_in_field(std::string_view name) {
  prepend_field(path_, name);
  return false;
}

bool JsonWriter::fail_in_item(std::size_t index) {
  prepend_item(path_, index);
  return false;
}

void JsonWriter::raise(std::string_view type) const {
  throw EncodeError(reason_, std::string(type), '$' + path_);
}

}  // namespace omnibus::schema::detail
