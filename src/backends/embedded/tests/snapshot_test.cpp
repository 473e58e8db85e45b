#include "backends/embedded/snapshot.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "backends/embedded/decide.hpp"

namespace omnibus::embedded::test {
namespace {

/// Does something legal and random to a State, by the same decisions as the engine.
class Wanderer {
 public:
  explicit Wanderer(unsigned seed) : random_(seed) {
    for (QueueId id = 1; id <= 3; ++id) {
      apply(record::CreateQueue{id, false, "t/n/q" + std::to_string(id), id == 3 ? "t/other" : "t/n"});
    }
    apply(record::CreateQueue{4, true, "t/n/volatile", "t/n"});
    apply(record::OpenProducer{1, 1, 7, true, "p"});
  }

  void open_producer() { apply(record::OpenProducer{state.next_producer(), 2, 7, random_() % 2 == 0, "q"}); }

  void step() {
    ++now_;
    switch (random_() % 10) {
      case 0:
        return subscribe();
      case 1:
        return detach_or_remove();
      case 2:
      case 3:
        return lease();
      case 4:
        return settle(true);
      case 5:
        return settle(false);
      case 6:
        for (const auto* space : std::exchange(effects_.grown, {})) {
          for (auto& record : trim(state, *space, Limits{1500, 0, 0}, now_)) apply(record);
        }
        return;
      default:
        return publish();
    }
  }

  State state{7};
  State* follower = nullptr;  ///< applies the same records
  bool twice = false;         ///< it does so with what the engine writes twice

 private:
  void apply(const Record& record) {
    state.apply(record, effects_);
    Effects ignored;
    if (follower != nullptr) follower->apply(record, ignored);
    if (follower != nullptr && twice && is_written_twice(record)) follower->apply(record, ignored);
  }
  static bool is_written_twice(const Record& record) {
    return std::holds_alternative<record::CreateQueue>(record) ||
           std::holds_alternative<record::OpenProducer>(record) ||
           std::holds_alternative<record::CreateSubscription>(record) ||
           std::holds_alternative<record::RemoveSubscription>(record);
  }

  void publish() {
    const auto queue = static_cast<QueueId>(1 + random_() % 3);
    const auto sequence = state.queue(queue)->messages.last() + 1;
    Content content;
    content.segment = 1 + sequence / 10;
    content.at = static_cast<std::uint32_t>(sequence);
    const Millis later = random_() % 5 == 0 ? now_ + 20 : 0;
    apply(record::Publish{queue, sequence, 1, ++number_, now_, later, std::uint64_t{random_() % 4}, 100,
                          content});
  }
  void subscribe() {
    const auto queue = static_cast<QueueId>(1 + random_() % 4);
    const auto name = "s" + std::to_string(random_() % 3);
    const auto* known = state.find_subscription(*state.queue(queue), name);
    const auto id = known != nullptr ? known->id : state.next_subscription();
    if (known == nullptr) {
      apply(record::CreateSubscription{
          id, queue, random_() % 2 == 0 ? 1 : state.queue(queue)->messages.last() + 1,
          random_() % 3 == 0 ? Lifetime::ephemeral : Lifetime::durable, 50, name});
    }
    apply(record::Attach{state.next_consumer(), id, 7, Sharing::shared, random_() % 3 == 0,
                         random_() % 2 == 0 ? 30 : 0});
  }
  ConsumerId any_consumer() {
    std::vector<ConsumerId> ids;
    for (const auto& [id, consumer] : state.consumers()) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    return ids.empty() ? 0 : ids[random_() % ids.size()];
  }
  void detach_or_remove() {
    const auto id = any_consumer();
    if (id == 0) return;
    if (random_() % 4 == 0) {
      apply(record::RemoveSubscription{state.consumer(id)->subscription});
    } else {
      apply(record::Detach{id, now_});
    }
  }
  void lease() {
    const auto id = any_consumer();
    if (id == 0) return;
    const auto& subscription = *state.subscription(state.consumer(id)->subscription);
    if (auto lease = next_lease(state, subscription, id, 1 + random_() % 5, now_)) apply(*lease);
  }
  void settle(bool ack) {
    const auto id = any_consumer();
    if (id == 0) return;
    const auto& subscription = *state.subscription(state.consumer(id)->subscription);
    std::vector<Sequence> held;
    subscription.outstanding.for_each([&](Sequence at, const Outstanding& outstanding) {
      if (outstanding.phase == Outstanding::Phase::leased && random_() % 2 == 0) held.push_back(at);
    });
    if (ack) {
      apply(record::Acknowledge{subscription.id, held});
    } else {
      apply(record::Return{subscription.id, random_() % 2 == 0 ? 0 : now_ + 10, held});
    }
  }

  std::mt19937_64 random_;
  Effects effects_;
  Millis now_ = 1000;
  std::uint64_t number_ = 0;
};

void decode(std::string bytes, State& state) {
  Snapshot::decode(std::make_shared<const std::string>(std::move(bytes)), state);
}

void expect_counts_agree(const State& state) {
  for (const auto& [id, subscription] : state.subscriptions()) {
    const auto& messages = state.queue(subscription.queue)->messages;
    std::uint64_t waiting = subscription.outstanding.size();
    for (auto at = messages.first_from(subscription.next); at <= messages.last();
         at = messages.first_from(at + 1)) {
      ++waiting;
    }
    EXPECT_EQ(subscription.backlog, waiting);
    subscription.outstanding.for_each(
        [&](Sequence at, const Outstanding&) { EXPECT_NE(messages.find(at), nullptr); });
  }
}

TEST(Snapshot, GivesTheSameStateBackAtEveryStep) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    Wanderer wanderer(seed);
    for (int i = 0; i < 300; ++i) {
      wanderer.step();
      if (i % 10 != 0) continue;
      expect_counts_agree(wanderer.state);
      const auto bytes = Snapshot::encode(wanderer.state);
      State copy(7);
      decode(bytes, copy);
      ASSERT_EQ(Snapshot::encode(copy), bytes) << "seed " << seed << ", step " << i;
      for (const auto& [id, subscription] : wanderer.state.subscriptions()) {
        const auto& other = *copy.subscription(id);
        ASSERT_EQ(other.backlog, subscription.backlog);
        ASSERT_EQ(other.in_flight, subscription.in_flight);
        ASSERT_EQ(other.returned, subscription.returned);
        ASSERT_EQ(other.deadlines, subscription.deadlines);
        for (const auto consumer : subscription.consumers) {
          ASSERT_EQ(copy.consumer(consumer)->held, wanderer.state.consumer(consumer)->held);
          const auto next = next_lease(wanderer.state, subscription, consumer, 10, 5000);
          const auto same_next = next_lease(copy, other, consumer, 10, 5000);
          ASSERT_EQ(next.has_value(), same_next.has_value());
          if (next) {
            ASSERT_EQ(next->sequences, same_next->sequences);
          }
        }
      }
    }
  }
}

TEST(Snapshot, GoesOnAsTheOriginalDoes) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    Wanderer wanderer(seed);
    for (int i = 0; i < 100; ++i) wanderer.step();
    State copy(7);
    decode(Snapshot::encode(wanderer.state), copy);
    wanderer.follower = &copy;
    for (int i = 0; i < 200; ++i) {
      wanderer.step();
      ASSERT_EQ(Snapshot::encode(copy), Snapshot::encode(wanderer.state))
          << "seed " << seed << ", step " << i;
    }
  }
}

TEST(Snapshot, WhatIsWrittenTwiceCountsOnce) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    Wanderer wanderer(seed);
    State copy(7);
    decode(Snapshot::encode(wanderer.state), copy);
    wanderer.follower = &copy;
    wanderer.twice = true;
    for (int i = 0; i < 300; ++i) {
      if (i % 50 == 0) wanderer.open_producer();
      wanderer.step();
      ASSERT_EQ(Snapshot::encode(copy), Snapshot::encode(wanderer.state))
          << "seed " << seed << ", step " << i;
    }
  }
}

TEST(Snapshot, KnowsTheOldestSegmentThatIsNeeded) {
  State state(7);
  Effects effects;
  EXPECT_EQ(Snapshot::oldest_segment(Snapshot::encode(state)), std::numeric_limits<std::uint64_t>::max());
  state.apply(record::CreateQueue{1, false, "t/n/q", "t/n"}, effects);
  for (const std::uint64_t segment : {9, 4, 6}) {
    Content content;
    content.segment = segment;
    const auto sequence = state.queue(1)->messages.last() + 1;
    state.apply(record::Publish{1, sequence, 0, 0, 1, 0, 0, 10, content}, effects);
  }
  EXPECT_EQ(Snapshot::oldest_segment(Snapshot::encode(state)), 4U);
}

TEST(Snapshot, RefusesEveryTruncation) {
  Wanderer wanderer(5);
  for (int i = 0; i < 60; ++i) wanderer.step();
  const auto bytes = Snapshot::encode(wanderer.state);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    State copy(7);
    EXPECT_THROW(decode(bytes.substr(0, length), copy), Error) << length;
  }
}

}  // namespace
}  // namespace omnibus::embedded::test
