/// When messages travel together, against a broker that keeps its receipts back.

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>

#include "backends/pulsar/batch.hpp"
#include "backends/pulsar/tests/scripted.hpp"
#include "backends/pulsar/topic_producer.hpp"

namespace omnibus::pulsar {
namespace {

/// What arrived in one frame.
struct Sent {
  std::uint64_t first = 0, last = 0;
  std::size_t count = 0;
  std::vector<std::string> payloads = {};
};

Sent read(const Frame& frame) {
  const auto& send = frame.command.send();
  Sent sent{.first = send.sequence_id(),
            .last = std::max(send.sequence_id(), send.highest_sequence_id()),
            .count = static_cast<std::size_t>(send.num_messages())};
  const auto& message = frame.message.value();
  EXPECT_EQ(message.metadata.sequence_id(), sent.first);
  if (!message.metadata.has_num_messages_in_batch()) {
    sent.payloads.emplace_back(message.payload);
    return sent;
  }
  EXPECT_EQ(message.metadata.highest_sequence_id(), sent.last);
  split_batch(message.payload, sent.count,
              [&](std::size_t, const Single& single, const proto::SingleMessageMetadata&) {
                sent.payloads.emplace_back(single.body);
              });
  return sent;
}

/// A broker that notes what arrives and confirms as `confirms` says.
class Batching : public ::testing::Test {
 protected:
  using Confirms = std::function<bool(std::size_t number)>;

  void start(Confirms confirms, const std::string& batching = "on") {
    peer_ = std::make_unique<Peer>([this, confirms](const Frame& frame) -> std::optional<std::string> {
      if (frame.command.type() != proto::BaseCommand::SEND) return ordinary(frame, here_);
      const std::lock_guard lock(mutex_);
      sent_.push_back(read(frame));
      arrived_.notify_all();
      return confirms(sent_.size()) ? receipt(frame.command.send()) : "";
    });
    here_ = peer_->address();
    backend_ = open(config_of(here_), host_);
    producer_ = producer_of(*backend_, batching);
  }

  /// Hands over messages `from` … `to`, together.
  void send(std::uint64_t from, std::uint64_t to, std::size_t size = 0) {
    std::vector<driver::SendRequest> requests;
    for (auto sequence = from; sequence <= to; ++sequence) {
      auto& message = messages_.emplace_back();
      message.payload = std::to_string(sequence) + std::string(size, '.');
      message.sequence = sequence;
      requests.push_back({&message, [this, sequence](const Error* error) {
                            const std::lock_guard lock(mutex_);
                            ended_.emplace_back(sequence, error == nullptr);
                            arrived_.notify_all();
                          }});
    }
    producer_->send(requests);
  }

  std::size_t messages_seen() const {
    std::size_t count = 0;
    for (const auto& one : sent_) count += one.count;
    return count;
  }
  /// What arrived once there are so many messages.
  std::vector<Sent> after(std::size_t messages) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, 20s, [&] { return messages_seen() >= messages; }));
    return sent_;
  }
  std::vector<std::pair<std::uint64_t, bool>> ended(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, 20s, [&] { return ended_.size() >= count; }));
    return ended_;
  }

  std::string here_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Sent> sent_;
  std::vector<std::pair<std::uint64_t, bool>> ended_;
  std::deque<driver::Outgoing> messages_;
  NoHost host_;
  std::unique_ptr<Peer> peer_;  // before the backend, which ends first
  std::unique_ptr<driver::Backend> backend_;
  std::unique_ptr<driver::Producer> producer_;
};

TEST_F(Batching, OneMessageAloneLeavesAtOnceAsItself) {
  start([](std::size_t) { return true; });
  send(1, 1);
  const auto sent = after(1);
  EXPECT_EQ(sent[0].payloads, std::vector<std::string>{"1"});
  EXPECT_EQ(ended(1).front(), std::pair(std::uint64_t{1}, true));
}

TEST_F(Batching, WhatComesWhileSomethingIsUnconfirmedGoesTogether) {
  start([](std::size_t) { return false; });
  send(1, 1);
  after(1);
  send(2, 100);
  const auto sent = after(100);
  ASSERT_EQ(sent.size(), 2u) << "no receipt came: they gather for a moment, and no longer";
  EXPECT_EQ(sent[1].first, 2u);
  EXPECT_EQ(sent[1].last, 100u);
  EXPECT_EQ(sent[1].payloads.back(), "100");
}

TEST_F(Batching, BatchesHoldNoMoreThanTheyMay) {
  start([](std::size_t) { return false; });
  send(1, 1);
  after(1);
  send(2, 2501);
  std::uint64_t next = 1;
  for (const auto& one : after(2501)) {
    EXPECT_LE(one.count, TopicProducer::batch_messages);
    EXPECT_EQ(one.first, next);
    next = one.last + 1;
  }
  EXPECT_EQ(next, 2502u);
  send(2502, 2601, 10'000);
  for (const auto& one : after(2601)) {
    std::size_t bytes = 0;
    for (const auto& payload : one.payloads) bytes += payload.size();
    EXPECT_LE(bytes, TopicProducer::batch_bytes);
  }
}

TEST_F(Batching, OneReceiptConfirmsAWholeBatchInOrder) {
  start([](std::size_t) { return true; });
  send(1, 500);
  const auto ends = ended(500);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(ends[i], std::pair(i + 1, true));
}

TEST_F(Batching, FlushDoesNotWaitForMore) {
  start([](std::size_t number) { return number > 1; });
  send(1, 1);
  send(2, 10);
  std::promise<void> flushed;
  producer_->flush([&](const Error*) { flushed.set_value(); });
  after(10);
  auto future = flushed.get_future();
  EXPECT_EQ(future.wait_for(50ms), std::future_status::timeout) << "1 is not confirmed";
  producer_->close(Clock::now(), [](const Error*) {});
  EXPECT_FALSE(ended(10).back().second) << "1 was not confirmed before the end";
  future.wait();
}

TEST_F(Batching, SequencesThatDoNotRiseAreNotPutTogether) {
  start([](std::size_t) { return false; });
  send(10, 10);
  after(1);
  send(11, 12);
  send(5, 6);  // from before what the broker has
  send(13, 14);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  for (const auto& one : after(7)) parts.emplace_back(one.first, one.last);
  for (const auto& [first, last] : parts) {
    EXPECT_TRUE(last < 10 || first >= 10) << first << "-" << last;
    EXPECT_LE(first, last);
  }
}

TEST_F(Batching, EachGoesAloneWhenItIsOff) {
  start([](std::size_t) { return true; }, "off");
  send(1, 50);
  EXPECT_EQ(after(50).size(), 50u);
}

}  // namespace
}  // namespace omnibus::pulsar
