#include <functional>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Size : public Case {
 protected:
  static constexpr std::size_t hundred_mib = 100u << 20;

  /// Bytes that differ with the seed and hold every value.
  static std::string bytes(std::size_t size, std::uint64_t seed = 1) {
    std::string out(size, '\0');
    std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (std::size_t i = 0; i < size; i += 8) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      for (std::size_t j = i; j < std::min(size, i + 8); ++j)
        out[j] = static_cast<char>(state >> (8 * (j - i)));
    }
    return out;
  }
  void expect_arrive(const std::vector<std::string>& bodies) {
    auto inbox = bus().create_consumer<Raw>(queue(), "readers");
    auto outbox = bus().create_producer<Raw>(queue());
    for (const auto& body : bodies) outbox.send({.bytes = body});
    for (const auto& body : bodies) {
      const auto message = next(inbox);
      // Not EXPECT_EQ: that would print megabytes.
      EXPECT_TRUE(message->bytes == body) << body.size() << " bytes came as " << message->bytes.size();
      inbox.acknowledge(message);
    }
  }
  static std::string measured(const std::string& body) {
    return std::to_string(body.size()) + " " + std::to_string(std::hash<std::string>{}(body));
  }
};

TEST_F(Size, OneByte) { expect_arrive({"x", std::string(1, '\0'), "\n"}); }

TEST_F(Size, EveryByteValue) {
  std::vector<std::string> bodies;
  std::string all;
  for (int value = 0; value < 256; ++value) {
    bodies.emplace_back(1, static_cast<char>(value));
    all += static_cast<char>(value);
  }
  bodies.push_back(all);
  bodies.emplace_back(all.rbegin(), all.rend());
  bodies.push_back(bytes(10'000));
  expect_arrive(bodies);
}

TEST_F(Size, AroundPowersOfTwo) {
  std::vector<std::string> bodies;
  for (const std::size_t size : {8u, 4096u, 65'536u, 131'072u}) {
    for (std::size_t near = size - 1; near <= size + 1; ++near) bodies.push_back(bytes(near, near));
  }
  expect_arrive(bodies);
}

TEST_F(Size, OneMebibyte) { expect_arrive({bytes((1u << 20) - 1), bytes(1u << 20), bytes((1u << 20) + 1)}); }

TEST_F(Size, LargeText) {
  auto inbox = consumer(queue());
  std::string text;
  while (text.size() < (1u << 20)) text += "line \"quoted\" \\ ünï \t\n";
  producer(queue()).send(item(1, "p", text));
  EXPECT_TRUE(next(inbox)->text == text);
}

TEST_F(Size, OneBelowTheLimitAndAtTheLimit) {
  const auto limit = features().max_message_size;
  ASSERT_GT(limit, 0u) << "the backend declares no limit";
  if (limit > 2 * hundred_mib) GTEST_SKIP() << "the limit of " << limit << " bytes is too large to try";
  expect_arrive({bytes(limit - 1)});
  expect_arrive({bytes(limit, 2)});
}

TEST_F(Size, OverTheLimitIsRefusedBeforeAnythingIsWritten) {
  const auto limit = features().max_message_size;
  ASSERT_GT(limit, 0u) << "the backend declares no limit";
  auto inbox = bus().create_consumer<Raw>(queue(), "readers");
  auto outbox = bus().create_producer<Raw>(queue());
  const auto error = error_of([&] { outbox.send({.bytes = std::string(limit + 1, 'x')}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::too_large);
  EXPECT_FALSE(error->retryable());
  EXPECT_NE(std::string(error->what()).find(std::to_string(limit)), std::string::npos) << error->what();
  outbox.send({.bytes = "small"});
  EXPECT_EQ(next(inbox)->bytes, "small");
  EXPECT_TRUE(silent(inbox));
}

TEST_F(Size, HundredMebibytesWithTwoSharedConsumers) {
  NEEDS(large_messages);
  auto first = bus().create_consumer<Raw>(queue(), "readers");
  auto second = bus().create_consumer<Raw>(queue(), "readers");
  auto outbox = bus().create_producer<Raw>(queue());
  const auto body = bytes(hundred_mib, 3);
  outbox.send({.bytes = body});
  std::optional<Message<Raw>> got;
  Consumer<Raw>* holder = nullptr;
  eventually("one of the two receives it", [&] {
    for (auto* each : {&first, &second}) {
      if (!got && (got = each->poll(10ms))) holder = each;
    }
    return got.has_value();
  });
  EXPECT_TRUE((*got)->bytes == body) << "came as " << (*got)->bytes.size() << " bytes";
  holder->acknowledge(*got);
  EXPECT_TRUE(silent(first));
  EXPECT_TRUE(silent(second));
}

TEST_F(Size, HundredMebibytesWithAKillInBetween) {
  NEEDS(large_messages);
  NEEDS(durable);
  const auto where = queue();
  bus().create_consumer<Raw>(where, "readers").close();
  const auto body = bytes(hundred_mib, 4);
  auto outbox = bus().create_producer<Raw>(where);
  outbox.send({.bytes = body});
  outbox.send({.bytes = "small"});
  auto victim = worker("measure", where, {{"ack", "none"}, {"count", "2"}});
  EXPECT_EQ(victim->await("got"), measured(body) + " 1");
  victim->kill();
  // Where a process keeps what the broker has sent it, one must take both.
  const bool apart = features()[Feature::shared].support > Support::weaker;
  std::vector<std::unique_ptr<Worker>> readers;
  for (int i = 0; i < (apart ? 2 : 1); ++i) {
    readers.push_back(worker("measure", where, {{"count", apart ? "1" : "2"}, {"window", "1"}}));
  }
  std::set<std::string> got;
  for (std::size_t i = 0; i < 2; ++i) {
    auto& reader = *readers[apart ? i : 0];
    const auto line = reader.await("got");
    got.insert(line.substr(0, line.rfind(' ')));
    reader.await("acked");
  }
  EXPECT_EQ(got, (std::set<std::string>{measured(body), measured("small")}));
}

}  // namespace
}  // namespace omnibus::conformance
