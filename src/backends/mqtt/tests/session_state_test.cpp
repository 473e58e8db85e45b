#include "backends/mqtt/session_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "backends/mqtt/tests/scratch_folder.hpp"

namespace omnibus::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SessionState, ASequenceIsCompleteOnceItsPacketIdIsFree) {
  SessionState state;
  auto& by = state.sent_by("p");
  EXPECT_FALSE(by.complete(1));
  state.publish(9, &by, 1);
  EXPECT_FALSE(by.complete(1));
  state.release(9);
  EXPECT_TRUE(state.flights.at(9).released);
  EXPECT_FALSE(by.complete(1));
  state.complete(9);
  EXPECT_TRUE(by.complete(1));
  EXPECT_FALSE(by.complete(2));
  EXPECT_TRUE(state.flights.empty());
}

TEST(SessionState, WhatWasRefusedMayBeSentAgain) {
  SessionState state;
  auto& by = state.sent_by("p");
  state.publish(1, &by, 1);
  state.publish(2, &by, 2);
  state.fail(1);
  state.complete(2);
  EXPECT_FALSE(by.complete(1));
  EXPECT_TRUE(by.complete(2));
  state.publish(3, &by, 1);
  state.complete(3);
  EXPECT_TRUE(by.complete(1));
}

TEST(SessionState, InANewSessionOnlyWhatWasReleasedIsDone) {
  SessionState state;
  auto& by = state.sent_by("p");
  for (std::uint16_t id = 1; id <= 3; ++id) state.publish(id, &by, id);
  state.release(2);
  state.receive(7);
  state.start_anew();
  EXPECT_TRUE(state.flights.empty());
  EXPECT_TRUE(state.received.empty());
  EXPECT_FALSE(by.complete(1));
  EXPECT_TRUE(by.complete(2));
  EXPECT_FALSE(by.complete(3));
  EXPECT_TRUE(by.open.empty());
}

TEST(SessionState, ProducersOfOneSessionCountApart) {
  SessionState state;
  auto& one = state.sent_by("one");
  state.publish(1, &one, 5);
  state.complete(1);
  EXPECT_TRUE(state.sent_by("one").complete(5));
  EXPECT_FALSE(state.sent_by("two").complete(5));
  state.forget("one");
  EXPECT_FALSE(state.sent_by("one").complete(5));
}

TEST(SessionState, AProducerWithSomethingOpenIsNotForgotten) {
  SessionState state;
  state.publish(1, &state.sent_by("one"), 5);
  state.forget("one");
  EXPECT_EQ(state.sent_by("one").open.count(5), 1u);
}

TEST(SessionState, AcknowledgementsOfUnknownPacketsChangeNothing) {
  SessionState state;
  state.release(1);
  state.complete(1);
  state.fail(1);
  EXPECT_FALSE(state.forget_received(1));
  EXPECT_TRUE(state.flights.empty());
  EXPECT_EQ(state.sent_by("p").through, 0u);
}

/// All that can be asked of a state, in an order that can be compared.
struct Picture {
  explicit Picture(SessionState& state) {
    const auto& by = state.sent_by("p");
    through = by.through;
    open = by.open;
    failed = by.failed;
    std::vector<std::pair<std::uint64_t, std::uint16_t>> order;
    for (const auto& [id, flight] : state.flights) {
      flights[id] = flight.sequence;
      if (flight.released) order.emplace_back(flight.order, id);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [at, id] : order) released.push_back(id);
    received.insert(state.received.begin(), state.received.end());
  }
  friend bool operator==(const Picture&, const Picture&) = default;

  std::uint64_t through = 0;
  std::map<std::uint64_t, std::uint16_t> open;
  std::set<std::uint64_t> failed;
  std::map<std::uint16_t, std::uint64_t> flights;
  std::vector<std::uint16_t> released;  ///< in the order of their PUBRECs
  std::set<std::uint16_t> received;
};

/// One step that a session may take.
void step(SessionState& state, std::mt19937_64& random, std::uint64_t& next, bool anew = true) {
  auto& by = state.sent_by("p");
  const auto id = static_cast<std::uint16_t>(1 + random() % 40);
  const bool taken = state.flights.count(id) > 0;
  switch (random() % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (!taken) state.publish(id, &by, by.failed.empty() ? ++next : *by.failed.begin());
      break;
    case 4:
    case 5:
      state.release(id);
      break;
    case 6:
    case 7:
      state.complete(id);
      break;
    case 8:
      if (taken && !state.flights.at(id).released) state.fail(id);
      break;
    case 9:
    case 10:
      state.receive(id);
      break;
    default:
      if (anew && random() % 50 == 0) return state.start_anew();
      state.forget_received(id);
  }
}

/// Long enough for several rewrites.
TEST(SessionState, ReadAgainItIsWhatItWas) {
  const ScratchFolder folder;
  std::mt19937_64 random(11);
  std::uint64_t next = 0;
  std::set<std::uint64_t> done;
  for (int life = 0; life < 60; ++life) {
    std::optional<Picture> before;
    {
      SessionState state;
      state.keep_in(folder.str(), "client");
      EXPECT_FALSE(state.fresh);
      for (int i = 0; i < 1500; ++i) step(state, random, next);
      before.emplace(state);
    }
    SessionState again;
    again.keep_in(folder.str(), "client");
    const Picture after(again);
    ASSERT_EQ(after, *before) << "life " << life;
    for (std::uint64_t sequence = 1; sequence <= next; ++sequence) {
      const bool known = again.sent_by("p").complete(sequence);
      ASSERT_TRUE(known || done.count(sequence) == 0) << "sequence " << sequence << " was complete once";
      if (known) done.insert(sequence);
    }
  }
  EXPECT_LT(std::filesystem::file_size(folder.file("client.journal")), 16'500u * 12);
}

/// Wherever a process is killed while it writes; each step is one record or none.
TEST(SessionState, AnyPrefixOfTheJournalIsAStateThatWas) {
  const ScratchFolder folder;
  std::mt19937_64 random(5);
  std::uint64_t next = 0;
  std::vector<Picture> states;
  {
    SessionState state;
    state.keep_in(folder.str(), "client");
    states.emplace_back(state);
    for (int i = 0; i < 300; ++i) {
      step(state, random, next, false);
      states.emplace_back(state);
    }
  }
  const auto whole = content_of(folder.file("client.journal"));
  std::size_t at = 0;
  for (std::size_t size = 8; size <= whole.size(); ++size) {
    put_content(folder.file("client.journal"), whole.substr(0, size));
    SessionState state;
    state.keep_in(folder.str(), "client");
    const Picture found(state);
    while (at < states.size() && !(states[at] == found)) ++at;
    ASSERT_LT(at, states.size()) << "cut at " << size;
  }
  EXPECT_EQ(states[at], states.back());
}

TEST(SessionState, AReceivedIdIsNotedOnce) {
  const ScratchFolder folder;
  SessionState state;
  state.keep_in(folder.str(), "client");
  state.receive(3);
  const auto size = std::filesystem::file_size(folder.file("client.journal"));
  state.receive(3);
  EXPECT_EQ(std::filesystem::file_size(folder.file("client.journal")), size);
}

}  // namespace
}  // namespace omnibus::mqtt
