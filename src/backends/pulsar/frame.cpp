#include "backends/pulsar/frame.hpp"

#include <omnibus/error.hpp>

#include "backends/pulsar/bytes.hpp"
#include "codec/crc32c.hpp"

namespace omnibus::pulsar {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view checksum_magic = "\x0e\x01"sv;
constexpr std::string_view broker_entry_magic = "\x0e\x02"sv;
constexpr std::size_t shortest_frame = 4;  ///< the length of the command

template <class Proto>
void append_proto(std::string& out, const Proto& proto) {
  const std::size_t at = out.size();
  const std::size_t size = proto.ByteSizeLong();
  append_u32(out, static_cast<std::uint32_t>(size));
  out.resize(at + 4 + size);
  proto.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data() + at + 4));
}

template <class Proto>
void parse_proto(Proto& proto, std::string_view bytes, const char* what) {
  // In two steps, for the library writes on standard error what is missing.
  if (!proto.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto.IsInitialized()) {
    throw ProtocolError(std::string("the broker sent a malformed ") + what);
  }
}

/// Source: "Payload commands": an optional broker entry metadata, an optional checksum over what follows it,
/// the metadata with its length, the payload.
Frame::Message parse_message(ByteReader reader) {
  if (reader.starts_with(broker_entry_magic)) {
    reader.take(broker_entry_magic.size());
    reader.take(reader.u32());
  }
  if (reader.starts_with(checksum_magic)) {
    reader.take(checksum_magic.size());
    const std::uint32_t expected = reader.u32();
    if (codec::crc32c(reader.left()) != expected) {
      throw ProtocolError("the checksum of a message from the broker is wrong");
    }
  }
  Frame::Message message;
  parse_proto(message.metadata, reader.take(reader.u32()), "message metadata");
  message.payload = reader.left();
  return message;
}

}  // namespace

void append_command(std::string& out, const proto::BaseCommand& command) {
  const std::size_t at = out.size();
  out.resize(at + 4);
  append_proto(out, command);
  put_u32(out.data() + at, static_cast<std::uint32_t>(out.size() - at - 4));
}

MessageFrame::MessageFrame(std::string& out, const proto::BaseCommand& command,
                           const proto::MessageMetadata& metadata)
    : out_(out), begin_(out.size()) {
  out_.resize(begin_ + 4);
  append_proto(out_, command);
  out_ += checksum_magic;
  checksum_at_ = out_.size();
  out_.resize(checksum_at_ + 4);
  append_proto(out_, metadata);
}

void MessageFrame::finish() {
  const auto checked = std::string_view(out_).substr(checksum_at_ + 4);
  put_u32(out_.data() + checksum_at_, codec::crc32c(checked));
  put_u32(out_.data() + begin_, static_cast<std::uint32_t>(out_.size() - begin_ - 4));
}

void append_message(std::string& out, const proto::BaseCommand& command,
                    const proto::MessageMetadata& metadata, std::string_view payload) {
  MessageFrame frame(out, command, metadata);
  out += payload;
  frame.finish();
}

std::optional<std::string_view> first_frame(std::string_view bytes, std::size_t max_message_size) {
  if (bytes.size() < 4) return std::nullopt;
  const std::size_t size = ByteReader(bytes).u32();
  if (size < shortest_frame || size > max_message_size + frame_overhead) {
    throw ProtocolError("the broker sent a frame of " + std::to_string(size) +
                        " bytes; is this the port of a Pulsar broker?");
  }
  if (bytes.size() - 4 < size) return std::nullopt;
  return bytes.substr(0, 4 + size);
}

Frame parse_frame(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u32() != reader.left().size()) throw ProtocolError("the length of a frame is not its own");
  Frame frame;
  parse_proto(frame.command, reader.take(reader.u32()), "command");
  const bool carries =
      frame.command.type() == proto::BaseCommand::MESSAGE || frame.command.type() == proto::BaseCommand::SEND;
  if (carries) frame.message = parse_message(reader);
  return frame;
}

}  // namespace omnibus::pulsar
