#include <gtest/gtest.h>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/record_codec.hpp"
#include "core/tests/thrown.hpp"

namespace omnibus::embedded::test {
namespace {

Content content_of(std::string_view bytes) {
  Content content;
  content.data = bytes.data();
  content.size = bytes.size();
  return content;
}

std::vector<Record> one_of_each() {
  return {record::CreateQueue{1, true, "t/n/q", "t/n"},
          record::OpenProducer{2, 1, 3, true, "p"},
          record::CloseProducer{2},
          record::Publish{1, 9, 2, 5, 1000, 2000, 77, 64, content_of("body")},
          record::Relocate{1, 9, content_of("elsewhere")},
          record::Drop{1, 2, 3},
          record::CreateSubscription{4, 1, 10, Lifetime::ephemeral, 60'000, "s"},
          record::RemoveSubscription{4},
          record::Attach{5, 4, 3, Sharing::failover, true, 250},
          record::Detach{5, 1001},
          record::Lease{4, 5, 6, 1002, 12, {9, 11, 4000}},
          record::Acknowledge{4, {9}},
          record::Return{4, 1500, {}},
          record::Leave{3, 1003}};
}

std::string encoded(const std::vector<Record>& records) {
  std::string bytes;
  std::vector<std::size_t> places;
  for (const auto& record : records) encode_record(record, bytes, places);
  return bytes;
}

std::vector<Record> decoded(std::string_view bytes) {
  FrameView frame;
  frame.payload = bytes;
  return decode_frame(frame);
}

TEST(RecordCodec, GivesEveryKindBack) {
  const auto records = one_of_each();
  ASSERT_EQ(records.size(), std::variant_size_v<Record>);
  const auto bytes = encoded(records);
  const auto back = decoded(bytes);
  ASSERT_EQ(back.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(back[i].index(), i);
  EXPECT_EQ(encoded(back), bytes);
  EXPECT_EQ(std::get<record::Lease>(back[10]).sequences, (std::vector<Sequence>{9, 11, 4000}));
  EXPECT_EQ(std::get<record::CreateSubscription>(back[6]).lifetime, Lifetime::ephemeral);
}

TEST(RecordCodec, FindsContentWhereItWasPut) {
  std::string bytes;
  std::vector<std::size_t> places;
  encode_record(record::Publish{.content = content_of("body")}, bytes, places);
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(bytes.substr(places[0], 4), "body");
}

TEST(RecordCodec, RefusesEveryTruncationOfEveryKind) {
  for (const auto& record : one_of_each()) {
    const auto whole = encoded({record});
    for (std::size_t length = 1; length < whole.size(); ++length) {
      EXPECT_EQ(code_of([&] { decoded(std::string_view(whole).substr(0, length)); }), ErrorCode::corrupt)
          << "kind " << record.index() << ", " << length << " of " << whole.size() << " bytes";
    }
  }
}

TEST(RecordCodec, RefusesAnUnknownKind) {
  EXPECT_EQ(code_of([] { decoded(std::string(1, static_cast<char>(std::variant_size_v<Record>))); }),
            ErrorCode::corrupt);
}

TEST(RecordCodec, AllocatesNothingForALengthThatCannotBe) {
  std::string bytes(1, '\x0b');  // Acknowledge
  put_number(bytes, 4);
  put_number(bytes, std::uint64_t{1} << 60);
  EXPECT_EQ(code_of([&] { decoded(bytes); }), ErrorCode::corrupt);
  EXPECT_EQ(code_of([] { decoded(std::string("\x02") + std::string(11, '\xff')); }), ErrorCode::corrupt);
}

TEST(MessageFormat, RefusesEveryTruncationBeforeTheBody) {
  driver::Outgoing message;
  message.key = "key";
  message.properties.set("name", "value");
  const auto content = encode_message(message);  // an empty body: all of it is head
  for (std::size_t length = 0; length < content.size; ++length) {
    auto cut = content;
    cut.size = length;
    driver::Delivery delivery;
    EXPECT_EQ(code_of([&] { decode_message(cut, {}, delivery); }), ErrorCode::corrupt) << length;
  }
}

TEST(MessageFormat, LeavesABodyOfItsOwnFileToWhoeverOpensIt) {
  driver::Outgoing message;
  message.payload = "large";
  const BlobReference blob{.id = 3, .length = 5, .crc = 0xdeadbeef};
  driver::Delivery delivery;
  decode_message(
      encode_message(message, &blob),
      [&](const BlobReference& asked) {
        EXPECT_EQ(asked.id, blob.id);
        EXPECT_EQ(asked.length, blob.length);
        EXPECT_EQ(asked.crc, blob.crc);
        return driver::Body::from("large");
      },
      delivery);
  EXPECT_EQ(delivery.body.bytes(), "large");
}

TEST(MessageFormat, AKeysHashNeverChangesAndIsNeverZero) {
  EXPECT_EQ(key_hash(""), 0u);
  EXPECT_EQ(key_hash("a"), 0xaf63dc4c8601ec8cU);  // FNV-1a, 64 bits
}

}  // namespace
}  // namespace omnibus::embedded::test
