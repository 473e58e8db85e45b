#include <gtest/gtest.h>

#include "backends/pulsar/chunks.hpp"
#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/parameters.hpp"
#include "backends/pulsar/statistics.hpp"
#include "backends/pulsar/topic.hpp"
#include "backends/pulsar/unsettled.hpp"

namespace omnibus::pulsar {
namespace {

using Verdict = Unsettled::Verdict;

TEST(Topic, KeepsPlainNamesAndEscapesReversibly) {
  EXPECT_EQ(topic_of(QueueName::parse("q1/tg/flow/a:b")), "persistent://tg/flow/a:b");
  EXPECT_EQ(topic_of(QueueName::parse("q2/tg/flow/x")), "persistent://tg/flow/x");
  EXPECT_EQ(topic_of(QueueName::parse("q0/tg/flow/x")), "non-persistent://tg/flow/x");
  EXPECT_EQ(topic_of(QueueName::parse("q1/tg/flow/a/b%2F")), "persistent://tg/flow/a%2Fb%252F");
  EXPECT_EQ(topic_of(QueueName::parse("q1/tg/flow/x-partition-3")), "persistent://tg/flow/x%2Dpartition-3");
  EXPECT_EQ(topic_of(QueueName::parse("q1/tg/flow/x-partition-y")), "persistent://tg/flow/x-partition-y");
  EXPECT_EQ(admin_path("persistent://tg/flow/a%2Fb:c"), "persistent/tg/flow/a%252Fb%3Ac");
  for (const std::string name : {"a", "a/b", "a%2Fb", "%", "a%25"}) {
    EXPECT_EQ(subscription_name(subscription_of(name)), name);
  }
}

TEST(Topic, PutsKeysWhereTheJavaClientPutsThem) {
  // "hello".hashCode() is 99162322.
  EXPECT_EQ(partition_for("hello", 7), 99162322u % 7);
  // Hashed as UTF-16: "é" is 233, "😀" is 0xd83d * 31 + 0xde00 = 1772899.
  EXPECT_EQ(partition_for("\u00e9", 1000), 233u);
  EXPECT_EQ(partition_for("\U0001f600", 1'000'003), 1772899u % 1'000'003);
  EXPECT_EQ(partition_for("", 5), 0u);
}

TEST(AckId, HoldsItsParts) {
  const MessageKey message{{0xfedcba9876543210u, 42, 4095}, 1'000'000, 1'048'575, 4095};
  const auto same = MessageKey::unpack(message.pack());
  EXPECT_EQ(same.entry, message.entry);
  EXPECT_EQ(same.index, message.index);
  EXPECT_EQ(same.size, message.size);
  EXPECT_EQ(same.turn, message.turn);
}

Entry* hold(Unsettled& unsettled, const EntryKey& key, std::size_t count) {
  Entry* entry = unsettled.add(key, count, count > 1, {});
  for (auto& slot : entry->slots) slot.state = Slot::State::held;
  return entry;
}

TEST(Unsettled, SettlesEachMessageOnce) {
  Unsettled unsettled;
  const EntryKey key{1, 2, 0};
  const Entry* entry = hold(unsettled, key, 3);
  EXPECT_EQ(unsettled.settle({key, 1, 3, 0}), Verdict::settled);
  EXPECT_EQ(unsettled.settle({key, 1, 3, 0}), Verdict::before);
  EXPECT_EQ(entry->left, 2u);
  EXPECT_EQ(unsettled.settle({key, 3, 3, 0}), Verdict::unknown);
  EXPECT_EQ(unsettled.settle({{1, 3, 0}, 0, 0, 0}), Verdict::unknown);
}

TEST(Unsettled, AnEarlierDeliveryIsStale) {
  Unsettled unsettled;
  const EntryKey key{1, 2, 0};
  hold(unsettled, key, 1);
  EXPECT_EQ(unsettled.give_back({key, 0, 0, 0}), Verdict::settled);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 0}), Verdict::stale);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 1}), Verdict::stale) << "it is not delivered yet";
  unsettled.return_entry(key);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 0}), Verdict::stale) << "another consumer may hold it";
  Entry* again = hold(unsettled, key, 1);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 0}), Verdict::stale);
  EXPECT_EQ(unsettled.settle({key, 0, 0, again->slots[0].turn}), Verdict::settled);
}

TEST(Unsettled, WhatATransactionSettledMayComeAgain) {
  Unsettled unsettled;
  const EntryKey key{1, 2, 0};
  hold(unsettled, key, 1);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 0}), Verdict::settled);
  unsettled.settle_entry(key);
  EXPECT_EQ(unsettled.give_back({key, 0, 0, 0}), Verdict::unknown) << "the broker gives it back if it must";
  Entry* again = hold(unsettled, key, 1);
  EXPECT_EQ(unsettled.settle({key, 0, 0, 0}), Verdict::stale);
  EXPECT_EQ(unsettled.settle({key, 0, 0, again->slots[0].turn}), Verdict::settled);
}

TEST(Unsettled, TakesWhatIsAcknowledgedInABatchForSettled) {
  Unsettled unsettled;
  Entry* entry = unsettled.add({1, 2, 0}, 3, true, {true, false, true});
  EXPECT_EQ(entry->left, 2u);
  EXPECT_EQ(entry->slots[1].state, Slot::State::settled);
  EXPECT_EQ(unsettled.add({1, 2, 0}, 3, true, {}), nullptr) << "it is here already";
}

proto::MessageMetadata chunk(std::string uuid, int id, int count, int total) {
  proto::MessageMetadata metadata;
  metadata.set_uuid(std::move(uuid));
  metadata.set_chunk_id(id);
  metadata.set_num_chunks_from_msg(count);
  metadata.set_total_chunk_msg_size(total);
  return metadata;
}

TEST(Chunks, ArePutTogetherThoughMixed) {
  ChunkAssembly assembly;
  std::vector<EntryKey> dropped;
  EXPECT_FALSE(assembly.add(chunk("a", 0, 2, 4), "aa", {1, 0, 0}, dropped));
  EXPECT_FALSE(assembly.add(chunk("b", 0, 2, 4), "bb", {1, 1, 0}, dropped));
  EXPECT_FALSE(assembly.add(chunk("a", 0, 2, 4), "aa", {1, 0, 0}, dropped)) << "it began anew";
  const auto whole = assembly.add(chunk("a", 1, 2, 4), "AA", {1, 2, 0}, dropped);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->payload, "aaAA");
  EXPECT_EQ(whole->earlier, (std::vector<EntryKey>{{1, 0, 0}}));
  EXPECT_EQ(assembly.add(chunk("b", 1, 2, 4), "BB", {1, 3, 0}, dropped)->payload, "bbBB");
  EXPECT_TRUE(dropped.empty());
}

TEST(Chunks, OfAnAttemptThatBrokeOffGoWithTheMessage) {
  ChunkAssembly assembly;
  std::vector<EntryKey> dropped;
  assembly.add(chunk("a", 0, 3, 6), "aa", {1, 0, 0}, dropped);
  assembly.add(chunk("a", 1, 3, 6), "AA", {1, 1, 0}, dropped);
  // Its producer lost the link, and sent it once more.
  assembly.add(chunk("a", 0, 3, 6), "aa", {1, 2, 0}, dropped);
  assembly.add(chunk("a", 1, 3, 6), "AA", {1, 3, 0}, dropped);
  // The broker delivers all of it again.
  assembly.add(chunk("a", 0, 3, 6), "aa", {1, 0, 0}, dropped);
  assembly.add(chunk("a", 1, 3, 6), "AA", {1, 1, 0}, dropped);
  assembly.add(chunk("a", 0, 3, 6), "aa", {1, 2, 0}, dropped);
  assembly.add(chunk("a", 1, 3, 6), "AA", {1, 3, 0}, dropped);
  const auto whole = assembly.add(chunk("a", 2, 3, 6), "aA", {1, 4, 0}, dropped);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->payload, "aaAAaA");
  EXPECT_EQ(whole->earlier, (std::vector<EntryKey>{{1, 2, 0}, {1, 3, 0}, {1, 0, 0}, {1, 1, 0}}))
      << "acknowledged with it, each once: nothing else would ever acknowledge them";
  EXPECT_TRUE(dropped.empty());
}

TEST(Chunks, WithoutTheirBeginningAreDropped) {
  ChunkAssembly assembly;
  std::vector<EntryKey> dropped;
  EXPECT_FALSE(assembly.add(chunk("a", 1, 3, 6), "aa", {1, 0, 0}, dropped));
  EXPECT_EQ(dropped.size(), 1u);
  for (std::uint64_t i = 0; i < 17; ++i) {
    assembly.add(chunk(std::to_string(i), 0, 2, 4), "x", {2, i, 0}, dropped);
  }
  EXPECT_EQ(dropped.back(), (EntryKey{2, 0, 0})) << "the oldest makes room";
}

TEST(Chunks, RefuseSizesThatCannotBe) {
  ChunkAssembly assembly;
  std::vector<EntryKey> dropped;
  EXPECT_THROW(assembly.add(chunk("a", 0, 2, 2'000'000'000), "x", {}, dropped), ProtocolError);
  EXPECT_THROW(assembly.add(chunk("a", 0, 2, -1), "x", {}, dropped), ProtocolError);
  EXPECT_THROW(assembly.add(chunk("a", 2, 2, 10), "x", {}, dropped), ProtocolError);
  EXPECT_THROW(assembly.add(chunk("a", 0, 2, 1), "xx", {}, dropped), ProtocolError);
}

TEST(Compression, GivesBackWhatWentIn) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i);
  for (const char* name : {"lz4", "zlib", "zstd", "snappy"}) {
    const auto type = parse_compression("compression", name);
    const auto small = compress(type, text);
    EXPECT_LT(small.size(), text.size()) << name;
    EXPECT_EQ(decompress(type, small, text.size()), text) << name;
    EXPECT_THROW(decompress(type, small, text.size() + 1), ProtocolError) << name;
    EXPECT_THROW(decompress(type, small, text.size() - 1), ProtocolError) << name;
    EXPECT_THROW(decompress(type, std::string_view(small).substr(0, small.size() / 2), text.size()),
                 ProtocolError);
  }
  EXPECT_THROW(parse_compression("compression", "rar"), ConfigError);
}

driver::BackendConfig config(std::string scheme, std::string rest, Extra parameters = {}) {
  driver::BackendConfig made;
  made.scheme = std::move(scheme);
  made.rest = std::move(rest);
  made.parameters = std::move(parameters);
  return made;
}

TEST(Parameters, ReadBrokersAndAdmin) {
  const auto plain = parse_parameters(config("pulsar", "a,b:7/"));
  EXPECT_EQ(plain.brokers, (std::vector<wire::Address>{{"a", 6650}, {"b", 7}}));
  EXPECT_EQ(plain.admin, (wire::Address{"a", 8080}));
  EXPECT_EQ(plain.tls, nullptr);
  const auto secure = parse_parameters(config("pulsar+ssl", "a", {{"token", "t"}, {"listener", "l"}}));
  EXPECT_EQ(secure.brokers.front().port, 6651);
  EXPECT_NE(secure.tls, nullptr);
  EXPECT_EQ(secure.admin.port, 8443);
  EXPECT_EQ(secure.read_token(), "t");
  EXPECT_EQ(secure.listener, "l");
  EXPECT_EQ(parse_parameters(config("pulsar", "a", {{"transaction_timeout", "5s"}})).transaction_timeout,
            std::chrono::seconds(5));
  EXPECT_THROW(parse_parameters(config("pulsar", "a", {{"transaction_timeout", "0s"}})), ConfigError);
  EXPECT_THROW(parse_parameters(config("pulsar", "a", {{"transaction_timeout", "5"}})), ConfigError);
  EXPECT_EQ(parse_parameters(config("pulsar", "a", {{"admin", "http://c:9/"}})).admin,
            (wire::Address{"c", 9}));
}

TEST(Parameters, RefuseTheUnknownAndTheUnreadable) {
  EXPECT_THROW(parse_parameters(config("pulsar", "")), ConfigError);
  EXPECT_THROW(parse_parameters(config("pulsar", "a", {{"tokn", "x"}})), ConfigError);
  EXPECT_THROW(parse_parameters(config("pulsar", "a", {{"admin", "ftp://x"}})), ConfigError);
  EXPECT_THROW(parse_parameters(config("pulsar", "a", {{"token_file", "/no/such/file"}})), ConfigError);
  EXPECT_THROW(parse_parameters(config("pulsar+ssl", "a", {{"tls_ca", "/no/such/file"}})), ConfigError);
}

TEST(Statistics, AreReadFromTheBrokersAnswers) {
  const std::string stats = R"({"subscriptions":{"a%2Fb":{"msgBacklog":7,"unackedMessages":2,
    "earliestMsgPublishTimeInBacklog":1000,"consumers":[{"unackedMessages":3},{}]},"idle":{"msgBacklog":0}}})";
  const std::string internal = R"({"numberOfEntries":9,"totalSize":1234})";
  const auto read = read_statistics(stats, internal, SystemTime(std::chrono::milliseconds(4000)));
  EXPECT_EQ(read.depth, 9u);
  EXPECT_EQ(read.bytes, 1234u);
  const auto& one = read.subscriptions.at("a/b");
  EXPECT_EQ(one.backlog, 7u);
  EXPECT_EQ(one.in_flight, 3u);
  EXPECT_EQ(one.consumers, 2u);
  EXPECT_EQ(one.oldest_age, std::chrono::seconds(3));
  EXPECT_EQ(read.subscriptions.at("idle").oldest_age, Duration::zero());
  const auto parts =
      R"({"partitions":{"x-0":{"numberOfEntries":1,"totalSize":5},"x-1":{"numberOfEntries":2}}})";
  EXPECT_EQ(read_statistics("{}", parts, {}).depth, 3u);
  EXPECT_EQ(read_statistics("{}", R"({"numberOfEntries":1e300})", {}).depth, std::uint64_t{1} << 53);
  EXPECT_THROW(read_statistics("<html>", "", {}), ProtocolError);
}

}  // namespace
}  // namespace omnibus::pulsar
