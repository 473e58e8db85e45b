#include "backends/embedded/messages.hpp"

#include <random>

#include <gtest/gtest.h>

namespace omnibus::embedded::test {
namespace {

std::shared_ptr<const std::string> packed(const Messages& messages, SegmentUse& use) {
  std::string out;
  messages.pack(out, use);
  return std::make_shared<const std::string>(std::move(out));
}

Messages unpacked(const std::shared_ptr<const std::string>& bytes) {
  Messages messages;
  ByteReader in(*bytes);
  messages.take(in, bytes);
  EXPECT_TRUE(in.done());
  return messages;
}

void expect_same(const StoredMessage& one, const StoredMessage& other) {
  EXPECT_EQ(one.time, other.time);
  EXPECT_EQ(one.deliver_at, other.deliver_at);
  EXPECT_EQ(one.key_hash, other.key_hash);
  EXPECT_EQ(one.bytes, other.bytes);
  EXPECT_EQ(one.pending, other.pending);
  EXPECT_EQ(one.content.segment, other.content.segment);
  EXPECT_EQ(one.content.frame, other.content.frame);
  EXPECT_EQ(one.content.at, other.content.at);
  EXPECT_EQ(one.content.size, other.content.size);
  EXPECT_EQ(one.content.blob, other.content.blob);
}

/// Random messages with holes of every length between them.
class Filling {
 public:
  explicit Filling(unsigned seed) : random_(seed) {
    for (int i = 0; i < 400; ++i) {
      sequence_ += random_() % 8 == 0 ? random_() % 300 + 1 : 1;
      messages.append(sequence_, some());
    }
    for (int i = 0; i < 200; ++i) messages.erase(random_() % (sequence_ + 1));
  }
  Messages messages;

 private:
  /// Zero, small, or any number at all.
  std::uint64_t any() {
    const auto kind = random_() % 3;
    return kind == 0 ? 0 : kind == 1 ? random_() % 100 : random_();
  }
  StoredMessage some() {
    StoredMessage message;
    message.content.segment = random_() % 4 == 0 ? any() : 7;
    message.content.frame = static_cast<std::uint32_t>(random_() % 3 == 0 ? any() : 1024);
    message.content.at = static_cast<std::uint32_t>(any());
    message.content.size = random_() % 1000;
    message.content.blob = random_() % 10 == 0 ? any() : 0;
    message.time = static_cast<Millis>(any());
    message.deliver_at = static_cast<Millis>(random_() % 5 == 0 ? any() : 0);
    message.key_hash = random_() % 2 == 0 ? any() : 0;
    message.bytes = any() | 1;
    message.pending = static_cast<std::uint32_t>(any());
    return message;
  }

  std::mt19937_64 random_;
  Sequence sequence_ = 0;
};

TEST(Messages, AreTheSameOncePackedAndUnpacked) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    const Filling filled(seed);
    SegmentUse use, use_again;
    const auto bytes = packed(filled.messages, use);
    const auto copy = unpacked(bytes);
    EXPECT_EQ(copy.last(), filled.messages.last());
    EXPECT_EQ(copy.size(), filled.messages.size());
    EXPECT_EQ(copy.bytes(), filled.messages.bytes());
    EXPECT_EQ(*packed(copy, use_again), *bytes) << "as it is packed";
    EXPECT_EQ(use_again, use);
    EXPECT_EQ(copy.bodies(), filled.messages.bodies());
    SegmentUse counted;
    for (auto at = copy.first_from(1); at <= copy.last(); at = copy.first_from(at + 1)) {
      ASSERT_NE(filled.messages.find(at), nullptr);
      expect_same(*copy.find(at), *filled.messages.find(at));
      counted[copy.find(at)->content.segment] += copy.find(at)->content.size;
    }
    EXPECT_EQ(counted, use);
    EXPECT_EQ(*packed(copy, use_again), *bytes) << "now that all are unpacked";
  }
}

TEST(Messages, CanBeChangedWhileTheyArePacked) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Filling filled(seed);
    SegmentUse use;
    auto copy = unpacked(packed(filled.messages, use));
    std::mt19937_64 random(seed);
    for (int i = 0; i < 300; ++i) {
      const auto sequence = random() % (copy.last() + 1);
      if (i % 3 == 0) {
        StoredMessage message;
        message.bytes = 1 + sequence;
        const auto next = copy.last() + 1 + random() % 70;
        filled.messages.append(next, message);
        copy.append(next, message);
      }
      filled.messages.erase(sequence);
      copy.erase(sequence);
      ASSERT_EQ(copy.first_from(sequence), filled.messages.first_from(sequence));
      ASSERT_EQ(copy.size(), filled.messages.size());
      ASSERT_EQ(copy.bytes(), filled.messages.bytes());
    }
    EXPECT_EQ(*packed(copy, use), *packed(filled.messages, use));
  }
}

TEST(Messages, AreFoundByTheirSegment) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const Filling filled(seed);
    SegmentUse use;
    const auto copy = unpacked(packed(filled.messages, use));
    std::vector<Sequence> wanted, found;
    for (auto at = filled.messages.first_from(1); at <= filled.messages.last();
         at = filled.messages.first_from(at + 1)) {
      if (filled.messages.find(at)->content.segment <= 6) wanted.push_back(at);
    }
    copy.for_each_in(6, [&](Sequence sequence, const StoredMessage&) { found.push_back(sequence); });
    EXPECT_EQ(found, wanted);
  }
}

}  // namespace
}  // namespace omnibus::embedded::test
