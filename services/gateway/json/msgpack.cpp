#include "services/gateway/json/msgpack.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr int max_depth = 128;

void put_number(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

void put_tag(std::string& out, unsigned tag, std::uint64_t number, int bytes) {
  out += static_cast<char>(tag);
  put_number(out, number, bytes);
}

/// The head of text, a list or a map: `few` for sizes below `limit`, else the tag for 16 bits and its
/// successor.
void put_size(std::string& out, std::size_t size, unsigned few, std::size_t limit, unsigned tag) {
  if (size < limit) {
    out += static_cast<char>(few + size);
  } else if (size <= 0xFFFF) {
    put_tag(out, tag, size, 2);
  } else {
    put_tag(out, tag + 1, size, 4);
  }
}

void put_text(std::string& out, json::string_view text) {
  if (text.size() >= 32 && text.size() <= 0xFF) {
    put_tag(out, 0xD9, text.size(), 1);
  } else {
    put_size(out, text.size(), 0xA0, 32, 0xDA);
  }
  out.append(text.data(), text.size());
}

void put_positive(std::string& out, std::uint64_t number) {
  if (number < 0x80) return put_number(out, number, 1);
  if (number <= 0xFF) return put_tag(out, 0xCC, number, 1);
  if (number <= 0xFFFF) return put_tag(out, 0xCD, number, 2);
  if (number <= 0xFFFFFFFF) return put_tag(out, 0xCE, number, 4);
  put_tag(out, 0xCF, number, 8);
}

void put_integer(std::string& out, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (number >= 0) return put_positive(out, bits);
  if (number >= -32) return put_number(out, bits, 1);
  if (number >= std::numeric_limits<std::int8_t>::min()) return put_tag(out, 0xD0, bits, 1);
  if (number >= std::numeric_limits<std::int16_t>::min()) return put_tag(out, 0xD1, bits, 2);
  if (number >= std::numeric_limits<std::int32_t>::min()) return put_tag(out, 0xD2, bits, 4);
  put_tag(out, 0xD3, bits, 8);
}

/// Reads one value; every step checks what is left.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  std::string_view left() const { return left_; }

  json::value value(int depth = 0) {
    if (depth > max_depth) throw NotMsgpack("nested more than 128 levels deep");
    const auto tag = static_cast<unsigned>(number(1));
    if (tag < 0x80) return static_cast<std::int64_t>(tag);
    if (tag < 0x90) return map(tag & 0x0F, depth);
    if (tag < 0xA0) return list(tag & 0x0F, depth);
    if (tag < 0xC0) return text(tag & 0x1F);
    if (tag >= 0xE0) return static_cast<std::int64_t>(tag) - 256;
    return tagged(tag, depth);
  }

 private:
  std::string_view take(std::size_t count) {
    if (count > left_.size()) throw NotMsgpack("cut off");
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t result = 0;
    for (const char each : take(bytes)) result = result << 8 | static_cast<unsigned char>(each);
    return result;
  }
  json::value text(std::uint64_t size) {
    const auto bytes = take(size);
    return json::string(bytes.data(), bytes.size());
  }
  json::value list(std::uint64_t size, int depth) {
    json::array items;
    for (; size > 0; --size) items.push_back(value(depth + 1));
    return items;
  }
  json::value map(std::uint64_t size, int depth) {
    json::object items;
    for (; size > 0; --size) {
      const auto key = value(depth + 1);
      if (!key.is_string()) throw NotMsgpack("a key that is no text");
      items.insert_or_assign(key.get_string(), value(depth + 1));
    }
    return items;
  }

  json::value tagged(unsigned tag, int depth) {
    switch (tag) {
      case 0xC0:
        return nullptr;
      case 0xC2:
      case 0xC3:
        return tag == 0xC3;
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return text(number(1u << (tag - 0xC4)));
      case 0xCA:
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number(4))));
      case 0xCB:
        return std::bit_cast<double>(number(8));
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return number(1u << (tag - 0xCC));
      case 0xD0:
        return static_cast<std::int64_t>(static_cast<std::int8_t>(number(1)));
      case 0xD1:
        return static_cast<std::int64_t>(static_cast<std::int16_t>(number(2)));
      case 0xD2:
        return static_cast<std::int64_t>(static_cast<std::int32_t>(number(4)));
      case 0xD3:
        return static_cast<std::int64_t>(number(8));
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return text(number(1u << (tag - 0xD9)));
      case 0xDC:
      case 0xDD:
        return list(number(2u << (tag - 0xDC)), depth);
      case 0xDE:
      case 0xDF:
        return map(number(2u << (tag - 0xDE)), depth);
      default:
        throw NotMsgpack("a type that JSON does not have");
    }
  }

  std::string_view left_;
};

}  // namespace

void to_msgpack(const json::value& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::null:
      return put_number(out, 0xC0, 1);
    case json::kind::bool_:
      return put_number(out, value.get_bool() ? 0xC3 : 0xC2, 1);
    case json::kind::int64:
      return put_integer(out, value.get_int64());
    case json::kind::uint64:
      return put_positive(out, value.get_uint64());
    case json::kind::double_:
      return put_tag(out, 0xCB, std::bit_cast<std::uint64_t>(value.get_double()), 8);
    case json::kind::string:
      return put_text(out, value.get_string());
    case json::kind::array:
      put_size(out, value.get_array().size(), 0x90, 16, 0xDC);
      for (const auto& item : value.get_array()) to_msgpack(item, out);
      return;
    case json::kind::object:
      put_size(out, value.get_object().size(), 0x80, 16, 0xDE);
      for (const auto& [key, item] : value.get_object()) {
        put_text(out, key);
        to_msgpack(item, out);
      }
      return;
  }
}

json::value take_msgpack(std::string_view& bytes) {
  Reader reader(bytes);
  auto value = reader.value();
  bytes = reader.left();
  return value;
}

}  // namespace omnibus::gateway
