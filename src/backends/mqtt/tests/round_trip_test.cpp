#include <gtest/gtest.h>

#include <set>

#include "backends/mqtt/tests/samples.hpp"
#include "support/hex.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::size_t no_limit = ~std::size_t{0};
constexpr Version versions[] = {Version::v311, Version::v5};

std::string written(Version version, const Packet& packet) {
  std::string out;
  write(out, version, packet);
  return out;
}

/// Takes packets from the front of `buffer` and compares them with what is expected next.
void read_what_is_whole(std::string& buffer, Version version, const std::vector<Packet>& expected,
                        std::size_t& next) {
  std::string_view left = buffer;
  while (const auto frame = first_frame(left, no_limit)) {
    ASSERT_LT(next, expected.size());
    ASSERT_EQ(parse(*frame, version), expected[next]) << "packet " << next;
    ++next;
    left.remove_prefix(frame->size);
  }
  buffer = std::string(left);
}

TEST(Packets, ReadAsTheyWereWritten) {
  for (const Version version : versions) {
    std::set<std::uint8_t> types;
    for (const Packet& packet : samples(version)) {
      const auto bytes = written(version, packet);
      const auto frame = first_frame(bytes, no_limit);
      ASSERT_TRUE(frame) << support::hex(bytes);
      EXPECT_EQ(frame->size, bytes.size());
      EXPECT_EQ(parse(*frame, version), packet) << support::hex(bytes);
      types.insert(frame->head >> 4);
    }
    EXPECT_EQ(types.size(), version == Version::v5 ? 15u : 14u) << "every type is among the samples";
  }
}

TEST(Packets, ComeOutOfAStreamThatIsCutAtAnyByte) {
  for (const Version version : versions) {
    const auto expected = samples(version);
    std::string stream;
    for (const Packet& packet : expected) write(stream, version, packet);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      std::size_t next = 0;
      std::string buffer = stream.substr(0, cut);
      read_what_is_whole(buffer, version, expected, next);
      buffer += stream.substr(cut);
      read_what_is_whole(buffer, version, expected, next);
      ASSERT_EQ(next, expected.size()) << "cut at " << cut;
      ASSERT_TRUE(buffer.empty());
    }
  }
}

TEST(Packets, ComeOutOfAStreamByteByByte) {
  for (const Version version : versions) {
    const auto expected = samples(version);
    std::string stream, buffer;
    for (const Packet& packet : expected) write(stream, version, packet);
    std::size_t next = 0;
    for (const char byte : stream) {
      buffer += byte;
      read_what_is_whole(buffer, version, expected, next);
    }
    EXPECT_EQ(next, expected.size());
  }
}

// A packet that ends early is no other packet, save where the specification lets its end be left out.
TEST(Packets, CutShortAreRefusedOrShorter) {
  for (const Version version : versions) {
    for (const Packet& packet : samples(version)) {
      const auto bytes = written(version, packet);
      const auto whole = *first_frame(bytes, no_limit);
      for (std::size_t size = 0; size < whole.body.size(); ++size) {
        const Frame cut{whole.head, whole.body.substr(0, size), 2 + size};
        try {
          EXPECT_NE(parse(cut, version), packet) << support::hex(bytes) << " cut to " << size;
        } catch (const ProtocolError& error) {
          EXPECT_NE(error.message().find(to_string(static_cast<Type>(whole.head >> 4))), std::string::npos)
              << error.what();
        }
      }
    }
  }
}

TEST(Packets, HaveTheSizeThatIsTold) {
  for (const Version version : versions) {
    for (const Packet& packet : samples(version)) {
      const auto* const publish = std::get_if<Publish>(&packet);
      if (publish == nullptr) continue;
      std::string out = "before";
      write(out, version, *publish);
      EXPECT_EQ(out, "before" + written(version, packet));
      EXPECT_EQ(size_of(version, *publish), out.size() - 6);
    }
  }
}

TEST(Packets, HaveALengthOfOneToFourBytes) {
  constexpr std::size_t header = 3;  // the topic, in 3.1.1
  struct Case {
    std::size_t body, whole;
  };
  for (const auto& [body, whole] :
       {Case{127, 129}, Case{128, 131}, Case{16'383, 16'386}, Case{16'384, 16'388},
        Case{2'097'151, 2'097'155}, Case{2'097'152, 2'097'157}}) {
    const std::string payload(body - header, 'p');
    const Publish publish{.topic = "t", .payload = payload};
    std::string out;
    write(out, Version::v311, publish);
    EXPECT_EQ(out.size(), whole);
    EXPECT_EQ(size_of(Version::v311, publish), whole);
    const auto frame = first_frame(out, whole);
    ASSERT_TRUE(frame);
    EXPECT_EQ(std::get<Publish>(parse(*frame, Version::v311)), publish);
  }
}

TEST(Packets, PointIntoTheirFrame) {
  const auto bytes = written(Version::v5, Publish{.topic = "topic", .payload = "payload"});
  const auto publish = std::get<Publish>(parse(*first_frame(bytes, no_limit), Version::v5));
  EXPECT_EQ(publish.payload.data() + publish.payload.size(), bytes.data() + bytes.size());
  EXPECT_EQ(publish.topic.data(), bytes.data() + 4);
}

TEST(Packets, OfAConnectTellTheirVersion) {
  for (const Version version : versions) {
    const auto bytes = written(version, full_connect(version));
    const auto frame = *first_frame(bytes, no_limit);
    EXPECT_EQ(connect_version(frame), version);
    EXPECT_EQ(parse(frame, Version::v5), Packet(full_connect(version))) << "whichever is expected";
  }
}

TEST(Packets, AreLookedForNoLongerThanAllowed) {
  const auto bytes = written(Version::v5, Publish{.topic = "topic", .payload = "payload"});
  EXPECT_TRUE(first_frame(bytes, bytes.size()));
  try {
    first_frame(std::string_view(bytes).substr(0, 2), bytes.size() - 1);
    FAIL() << "told by its length already";
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.message(), "PUBLISH against the protocol: it has 17 bytes, more than the 16 allowed");
    EXPECT_EQ(reason_of(error), Reason::packet_too_large);
  }
}

TEST(Packets, KnowTopicNames) {
  using namespace std::string_view_literals;
  for (const auto good : {"a"sv, "/"sv, "tg/flow/queue"sv, "$SYS"sv, "ключ/ "sv})
    EXPECT_TRUE(is_topic(good)) << good;
  for (const auto bad : {""sv, "a/+"sv, "#"sv, "a\0b"sv, "\xff"sv, "\xed\xa0\x80"sv})
    EXPECT_FALSE(is_topic(bad)) << bad;
  EXPECT_TRUE(is_topic(std::string(65'535, 'a')));
  EXPECT_FALSE(is_topic(std::string(65'536, 'a')));
}

}  // namespace
}  // namespace omnibus::mqtt
