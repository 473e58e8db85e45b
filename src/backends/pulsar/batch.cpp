#include "backends/pulsar/batch.hpp"

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

void parse_into(proto::SingleMessageMetadata& parsed, std::string_view header) {
  if (!parsed.ParseFromArray(header.data(), static_cast<int>(header.size()))) {
    throw ProtocolError("a message of a batch has malformed metadata");
  }
}

}  // namespace

void append_to_batch(std::string& payload, const driver::Outgoing& message) {
  proto::SingleMessageMetadata header;
  write_header(header, message);
  header.set_payload_size(static_cast<std::int32_t>(message.payload.size()));
  header.set_sequence_id(message.sequence);
  append_u32(payload, static_cast<std::uint32_t>(header.ByteSizeLong()));
  header.AppendToString(&payload);
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
