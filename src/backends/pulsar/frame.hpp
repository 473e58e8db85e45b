#pragma once

/// Frames of Pulsar's binary protocol. Source: Pulsar binary protocol, "Framing".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/pulsar/proto.hpp"

namespace omnibus::pulsar {

/// What the protocol allows before a broker has told its own limit.
inline constexpr std::size_t default_max_message_size = std::size_t{5} << 20;
/// What a frame may hold beside its payload. Source: the brokers' own allowance is 10 KiB; more is tolerated
/// for the properties of batches.
inline constexpr std::size_t frame_overhead = std::size_t{256} << 10;

/// One frame as it came. The payload is part of the bytes that were read.
struct Frame {
  proto::BaseCommand command;
  struct Message {
    proto::MessageMetadata metadata;
    std::string_view payload;
  };
  std::optional<Message> message;
};

/// Appends a command without payload.
void append_command(std::string& out, const proto::BaseCommand& command);
/// Appends a command with metadata and payload, checksummed.
void append_message(std::string& out, const proto::BaseCommand& command,
                    const proto::MessageMetadata& metadata, std::string_view payload);

/// Appends the same in parts: what is appended to `out` between construction and finish() is the payload.
class MessageFrame {
 public:
  MessageFrame(std::string& out, const proto::BaseCommand& command, const proto::MessageMetadata& metadata);
  /// Fills in sizes and checksum, once.
  void finish();

 private:
  std::string& out_;
  const std::size_t begin_;
  std::size_t checksum_at_ = 0;
};

/// The bytes of the first frame; empty when more are needed. Errors: ProtocolError when it is longer than
/// `max_message_size` allows, before anything is allocated.
std::optional<std::string_view> first_frame(std::string_view bytes, std::size_t max_message_size);
/// Reads what first_frame gave. Errors: ProtocolError for lengths that do not fit, a wrong checksum, bytes
/// that are no command.
Frame parse_frame(std::string_view bytes);

}  // namespace omnibus::pulsar
