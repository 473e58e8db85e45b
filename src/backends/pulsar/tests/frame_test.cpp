#include <gtest/gtest.h>

#include "backends/pulsar/batch.hpp"
#include "backends/pulsar/bytes.hpp"
#include "backends/pulsar/frame.hpp"
#include "backends/pulsar/tests/golden_commands.hpp"
#include "support/hex.hpp"

namespace omnibus::pulsar {
namespace {

using support::bytes;
using support::hex;

// Computed by a program of another language from the protocol's description.
constexpr std::string_view ping =
    "000000090000000508129201"
    "00";
constexpr std::string_view send_frame =
    "000000300000000808063204080710090e019c9b271b000000150a0170100918e80722060a016b12017632036b657968656c6c6"
    "f";
constexpr std::string_view batch_payload = "0000000c0a060a01611201311802400568690000000712014b1801400621";
constexpr std::string_view message_frame =
    "000000470000000e08094a0a08031204080b100c18020e014a462af00000000d0a0170100518e8075802c001060000000c0a060a"
    "01"
    "611201311802400568690000000712014b1801400621";
constexpr std::string_view frame_with_entry_metadata =
    "000000520000000e08094a0a08031204080b100c18020e020000000508d20910050e014a462af00000000d0a0170100518e80758"
    "02"
    "c001060000000c0a060a01611201311802400568690000000712014b1801400621";

TEST(Frame, WritesACommand) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::PING);
  command.mutable_ping();
  std::string out;
  append_command(out, command);
  EXPECT_EQ(hex(out), ping);
}

TEST(Frame, ReadsAndWritesEveryCommandSplitAtEveryByte) {
  for (const auto& [type, golden] : golden_commands) {
    const auto whole = bytes(golden);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      EXPECT_FALSE(first_frame(std::string_view(whole).substr(0, cut), default_max_message_size)) << type;
    }
    const auto more = whole + "next";
    const auto found = first_frame(more, default_max_message_size);
    ASSERT_TRUE(found && found->size() == whole.size()) << type;
    const auto frame = parse_frame(*found);
    EXPECT_EQ(proto::BaseCommand::Type_Name(frame.command.type()), type);
    EXPECT_FALSE(frame.message) << type;
    std::string again;
    append_command(again, frame.command);
    EXPECT_EQ(hex(again), golden) << type;
  }
}

TEST(Frame, CutCommandsAreRefusedOrShorter) {
  for (const auto& [type, golden] : golden_commands) {
    const auto whole = bytes(golden);
    for (std::size_t size = 8; size < whole.size(); ++size) {
      auto cut = whole.substr(0, size);
      put_u32(cut.data(), static_cast<std::uint32_t>(size - 4));
      put_u32(cut.data() + 4, static_cast<std::uint32_t>(size - 8));
      try {
        EXPECT_LT(parse_frame(cut).command.ByteSizeLong(), whole.size() - 8) << type;
      } catch (const ProtocolError&) {
        // What a connection ends with.
      }
    }
  }
}

TEST(Frame, UnknownCommandsAreRead) {
  // Type 99, which this protocol does not have, with a field that it does not have.
  EXPECT_THROW(parse_frame(bytes("00000009"
                                 "00000005"
                                 "0863fa0600")),
               ProtocolError)
      << "a required field holds a value that is not known";
  EXPECT_EQ(parse_frame(bytes("00000009"
                              "00000005"
                              "0812fa0600"))
                .command.type(),
            proto::BaseCommand::PING);
}

TEST(Frame, WritesAMessageWithItsChecksum) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::SEND);
  command.mutable_send()->set_producer_id(7);
  command.mutable_send()->set_sequence_id(9);
  proto::MessageMetadata metadata;
  metadata.set_producer_name("p");
  metadata.set_sequence_id(9);
  metadata.set_publish_time(1000);
  driver::Outgoing message;
  message.properties.set("k", "v");
  message.key = "key";
  write_header(metadata, message);
  std::string out;
  append_message(out, command, metadata, "hello");
  EXPECT_EQ(hex(out), send_frame);
}

TEST(Frame, ReadsAMessageSplitAtEveryByte) {
  for (const auto golden : {message_frame, frame_with_entry_metadata}) {
    const auto whole = bytes(golden);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      EXPECT_FALSE(first_frame(std::string_view(whole).substr(0, cut), default_max_message_size)) << cut;
    }
    const auto more = whole + "next";
    const auto found = first_frame(more, default_max_message_size);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), whole.size());
    const auto frame = parse_frame(*found);
    EXPECT_EQ(frame.command.message().message_id().ledgerid(), 11u);
    ASSERT_TRUE(frame.message);
    EXPECT_EQ(frame.message->metadata.num_messages_in_batch(), 2);
    EXPECT_EQ(hex(frame.message->payload), batch_payload);
  }
}

TEST(Frame, RefusesAWrongChecksumAtEveryByte) {
  const auto whole = bytes(message_frame);
  // Behind the command every byte is covered.
  for (std::size_t at = 4 + 4 + 14 + 2; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_THROW(parse_frame(damaged), ProtocolError) << at;
  }
}

TEST(Frame, RefusesLengthsThatCannotBe) {
  EXPECT_THROW(first_frame(bytes("ffffffff"), default_max_message_size), ProtocolError);
  EXPECT_THROW(first_frame(bytes("00000003"), default_max_message_size), ProtocolError);
  EXPECT_THROW(first_frame("HTTP/1.1 400", default_max_message_size), ProtocolError);
  EXPECT_THROW(parse_frame(bytes("00000004"
                                 "000000ff")),
               ProtocolError);
  EXPECT_THROW(parse_frame(bytes("00000008"
                                 "00000004"
                                 "ffffffff")),
               ProtocolError);
  auto cut = bytes(message_frame);
  cut.resize(30);
  cut[3] = 26;
  EXPECT_THROW(parse_frame(cut), ProtocolError);
}

TEST(Batch, WritesWhatOthersRead) {
  driver::Outgoing first, second;
  first.payload = "hi";
  first.properties.set("a", "1");
  first.sequence = 5;
  second.payload = "!";
  second.key = "K";
  second.sequence = 6;
  std::string out;
  append_to_batch(out, first);
  append_to_batch(out, second);
  EXPECT_EQ(hex(out), batch_payload);
}

TEST(Batch, WritesEveryHeaderAsProtobufDoes) {
  for (const std::uint64_t sequence : {0ull, 1ull, 127ull, 128ull, 16383ull, 16384ull, ~0ull}) {
    for (const std::size_t size : {0u, 1u, 127u, 128u, 20'000u}) {
      driver::Outgoing message;
      message.payload = std::string(size, 'p');
      message.sequence = sequence;
      if (size > 0) message.key = std::string(size, 'k');
      for (std::size_t i = 0; i < size % 4; ++i)
        message.properties.set("name" + std::to_string(i), std::string(size, 'v'));
      proto::SingleMessageMetadata header;
      write_header(header, message);
      header.set_payload_size(static_cast<std::int32_t>(size));
      header.set_sequence_id(sequence);
      std::string expected;
      append_u32(expected, static_cast<std::uint32_t>(header.ByteSizeLong()));
      header.AppendToString(&expected);
      expected += message.payload;
      std::string out;
      append_to_batch(out, message);
      EXPECT_EQ(hex(out), hex(expected)) << sequence << " " << size;
    }
  }
}

TEST(Batch, ReadsItsMessages) {
  const auto payload = bytes(batch_payload);
  std::vector<driver::Delivery> deliveries;
  split_batch(payload, 2, [&](std::size_t, const Single& single, const proto::SingleMessageMetadata& header) {
    deliveries.emplace_back();
    read_header(header, deliveries.back());
    deliveries.back().message_id = single.body;
  });
  ASSERT_EQ(deliveries.size(), 2u);
  EXPECT_EQ(deliveries[0].message_id, "hi");
  EXPECT_EQ(deliveries[0].properties.value_or("a", ""), "1");
  EXPECT_EQ(deliveries[1].message_id, "!");
  EXPECT_EQ(deliveries[1].key, "K");
}

TEST(Batch, RefusesWhatDoesNotFit) {
  const auto payload = bytes(batch_payload);
  const auto ignore = [](std::size_t, const Single&, const proto::SingleMessageMetadata&) {};
  EXPECT_THROW(split_batch(payload, 0, ignore), ProtocolError);
  EXPECT_THROW(split_batch(payload, 3, ignore), ProtocolError);
  EXPECT_THROW(split_batch(payload, 1u << 30, ignore), ProtocolError);
  for (std::size_t cut = 0; cut < payload.size(); ++cut) {
    EXPECT_THROW(split_batch(std::string_view(payload).substr(0, cut), 2, ignore), ProtocolError) << cut;
  }
}

}  // namespace
}  // namespace omnibus::pulsar
