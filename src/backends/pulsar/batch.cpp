#include "backends/pulsar/batch.hpp"

#include <algorithm>
#include <bit>

#include <omnibus/base64.hpp>

#include "backends/pulsar/bytes.hpp"

namespace omnibus::pulsar {
namespace {

template <class Metadata>
void read_common(const Metadata& from, driver::Delivery& to) {
  for (const auto& property : from.properties()) to.properties.set(property.key(), property.value());
  to.key = from.partition_key();
  if (from.partition_key_b64_encoded() && !to.key.empty()) {
    if (auto decoded = base64::decode(to.key)) to.key = std::move(*decoded);
  }
}

constexpr char length_delimited(int field) { return static_cast<char>(field << 3 | 2); }
constexpr char number_field(int field) { return static_cast<char>(field << 3); }

std::size_t varint_size(std::uint64_t value) noexcept {
  return value == 0 ? 1 : static_cast<std::size_t>(std::bit_width(value) + 6) / 7;
}
/// Of a field that holds `bytes` bytes.
std::size_t text_size(std::size_t bytes) noexcept { return 1 + varint_size(bytes) + bytes; }
std::size_t pair_size(const Properties::value_type& property) noexcept {
  return text_size(property.first.size()) + text_size(property.second.size());
}

char* put_varint(char* to, std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

char* put_text(char* to, int field, std::string_view text) noexcept {
  *to++ = length_delimited(field);
  to = put_varint(to, text.size());
  return std::copy(text.begin(), text.end(), to);
}

void parse_into(proto::SingleMessageMetadata& parsed, std::string_view header) {
  if (!parsed.ParsePartialFromArray(header.data(), static_cast<int>(header.size())) ||
      !parsed.IsInitialized()) {
    throw ProtocolError("a message of a batch has malformed metadata");
  }
}

}  // namespace

/// Written by hand, for it is done for each message: properties (field 1), partition_key (2), payload_size
/// (3) and sequence_id (8) of SingleMessageMetadata. Source: Protocol Buffers encoding.
void append_to_batch(std::string& payload, const driver::Outgoing& message) {
  std::size_t size = 2 + varint_size(message.payload.size()) + varint_size(message.sequence);
  for (const auto& property : message.properties) size += text_size(pair_size(property));
  if (!message.key.empty()) size += text_size(message.key.size());
  const std::size_t at = payload.size();
  payload.resize(at + 4 + size);
  put_u32(payload.data() + at, static_cast<std::uint32_t>(size));
  char* to = payload.data() + at + 4;
  for (const auto& property : message.properties) {
    *to++ = length_delimited(1);
    to = put_varint(to, pair_size(property));
    to = put_text(to, 1, property.first);
    to = put_text(to, 2, property.second);
  }
  if (!message.key.empty()) to = put_text(to, 2, message.key);
  *to++ = number_field(3);
  to = put_varint(to, message.payload.size());
  *to++ = number_field(8);
  put_varint(to, message.sequence);
  payload += message.payload;
}

proto::SingleMessageMetadata parse_header(std::string_view header) {
  proto::SingleMessageMetadata parsed;
  parse_into(parsed, header);
  return parsed;
}

void split_batch(std::string_view payload, std::size_t count, const BatchVisitor& visit) {
  // Each message has a length of four bytes and metadata of two or more: what claims more is no batch.
  if (count == 0 || count > largest_batch || count > payload.size() / 6) {
    throw ProtocolError("a batch of " + std::to_string(count) + " messages in " +
                        std::to_string(payload.size()) + " bytes");
  }
  proto::SingleMessageMetadata header;
  ByteReader reader(payload);
  for (std::size_t i = 0; i < count; ++i) {
    Single single;
    single.header = reader.take(reader.u32());
    parse_into(header, single.header);
    if (header.payload_size() < 0) throw ProtocolError("a message of a batch has a negative size");
    single.body = reader.take(static_cast<std::size_t>(header.payload_size()));
    visit(i, single, header);
  }
}

void read_header(const proto::SingleMessageMetadata& from, driver::Delivery& to) { read_common(from, to); }
void read_header(const proto::MessageMetadata& from, driver::Delivery& to) { read_common(from, to); }

}  // namespace omnibus::pulsar
