/// Processes killed at each step of QoS 2, with their state in a folder: nothing is stored or handled twice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "backends/mqtt/tests/driven.hpp"
#include "backends/mqtt/tests/scratch_folder.hpp"
#include "backends/mqtt/tests/worker.hpp"
#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

struct Step {
  Direction direction;
  Type type;
};
constexpr std::size_t count = 6;

/// A peer, a folder for state, and who is to be killed.
struct Kill : testing::Test {
  std::shared_ptr<Worker> start(const std::string& mode, std::size_t of = 0) const {
    return std::make_shared<Worker>(mode, "mqtt://" + peer.address() + "?state=" + folder.str(), of);
  }
  /// The worker, started before or after, dies before the peer sends or looks at the packet.
  void kill_before(const Step& step, std::size_t nth) {
    victim = std::make_shared<std::promise<std::shared_ptr<Worker>>>();
    peer.drop_before(step.direction, step.type, nth,
                     [chosen = victim->get_future().share()] { chosen.get()->kill(); });
  }
  void publish(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) publish(std::to_string(i));
  }
  void publish(const std::string& text) {
    peer.publish({.topic = "tg/flow/orders", .payload = text, .id = 1, .qos = 2});
  }
  void await_end_of_home() const {
    const auto deadline = deadline_after(patience);
    while (peer.is_connected(home) && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
  }

  const ScratchFolder folder;
  const std::string home =
      SubscriptionNames(QueueName::parse("q2/tg/flow/orders"), "readers", "omnibus-").home();
  std::shared_ptr<std::promise<std::shared_ptr<Worker>>> victim;
  Peer peer;
};

constexpr Step sending_steps[] = {{from_client, Type::publish},
                                  {to_client, Type::pubrec},
                                  {from_client, Type::pubrel},
                                  {to_client, Type::pubcomp}};

TEST_F(Kill, SendersAtEachStepStoreEachMessageOnce) {
  std::size_t kills = 0;
  for (const auto& step : sending_steps) {
    for (const std::size_t nth : {std::size_t{1}, std::size_t{3}, count}) {
      std::filesystem::remove_all(folder.str());
      Stored stored(peer, "tg/flow/orders");
      kill_before(step, nth);
      const auto first = start("send", count);
      victim->set_value(first);
      EXPECT_THAT(first->rest(), Not(Contains("done")));
      EXPECT_EQ(start("send", count)->until("done").back(), "done");
      EXPECT_EQ(stored.payloads(), numbers(count)) << to_string(step.type) << " " << nth;
      ++kills;
      peer.forget("keeper");
    }
  }
  EXPECT_THAT(peer.violations(), IsEmpty());
  std::cout << kills << " senders killed, " << kills * count << " messages, none lost or stored twice\n";
}

TEST_F(Kill, SendersAtRandomStepsStoreEachMessageOnce) {
  constexpr std::size_t many = 400;
  Stored stored(peer, "tg/flow/orders");
  // Few at a time, so that each gets on by a few.
  peer.on_connect([](const Connect&) {
    Connack answer;
    answer.properties.receive_maximum = 5;
    return answer;
  });
  std::mt19937 random(7);
  std::set<std::string> confirmed;
  for (int kills = 0; kills < 12; ++kills) {
    kill_before(sending_steps[random() % 4], 1 + random() % 30);
    const auto worker = start("send", many);
    victim->set_value(worker);
    for (const auto& line : worker->rest()) confirmed.insert(line);
    EXPECT_THAT(confirmed, Not(Contains("done")));
  }
  const auto known = stored.payloads().size();
  for (const auto& line : confirmed) {
    const auto number = line.substr(line.find(' ') + 1);
    EXPECT_THAT(stored.payloads(), Contains(number)) << line;
  }
  EXPECT_EQ(start("send", many)->until("done").back(), "done");
  EXPECT_EQ(stored.payloads(), numbers(many));
  EXPECT_THAT(peer.violations(), IsEmpty());
  std::cout << "12 senders killed, " << known << " of " << many
            << " messages stored by then, none lost or stored twice\n";
}

/// What the workers said that they got and acknowledged, and what came after that.
struct Told {
  std::set<std::string> got, acked;
  std::vector<std::string> again;
  void add(const std::vector<std::string>& lines) {
    for (const auto& line : lines) {
      if (line.starts_with("got ")) {
        if (acked.count(line.substr(4)) > 0) again.push_back(line.substr(4));
        got.insert(line.substr(4));
      }
      if (line.starts_with("acked ")) acked.insert(line.substr(6));
    }
  }
};

TEST_F(Kill, ReceiversAtEachStepHandleAgainNothingThatTheyAcknowledged) {
  constexpr Step steps[] = {{to_client, Type::publish},
                            {from_client, Type::pubrec},
                            {to_client, Type::pubrel},
                            {from_client, Type::pubcomp}};
  Told told;
  std::size_t next = 1, kills = 0;
  for (const auto& step : steps) {
    for (const std::size_t nth : {std::size_t{1}, std::size_t{3}, count}) {
      const auto victim_of_round = start("receive");
      told.add(victim_of_round->until("ready"));
      kill_before(step, nth);
      victim->set_value(victim_of_round);
      publish(next, next + count - 1);
      told.add(victim_of_round->rest());
      await_end_of_home();
      const auto after = start("receive");
      const auto last = "last " + std::to_string(++kills);
      publish(last);
      told.add(after->until("got " + last));
      EXPECT_THAT(told.again, IsEmpty()) << to_string(step.type) << " " << nth;
      next += count;
      after->kill();
      await_end_of_home();
    }
  }
  for (const auto& number : numbers(next - 1)) EXPECT_THAT(told.got, Contains(number));
  EXPECT_THAT(peer.violations(), IsEmpty());
  std::cout << kills << " receivers killed, " << next - 1 << " messages, " << told.acked.size()
            << " acknowledged, none lost or handled again\n";
}

TEST_F(Kill, AcknowledgedBehindAnUnacknowledgedOneIsNotHandledAgain) {
  Told told;
  {
    const auto worker = start("receive-behind");
    told.add(worker->until("ready"));
    publish(1, count);
    told.add(worker->until("acked " + std::to_string(count)));
    EXPECT_EQ(told.acked.size(), count - 1);
    EXPECT_EQ(peer.count(home, from_client, Type::pubrec), 0u);
    worker->kill();
  }
  await_end_of_home();
  const auto after = start("receive");
  publish("last");
  const auto lines = after->until("got last");
  EXPECT_THAT(lines, Contains("got 1"));
  told.add(lines);
  EXPECT_THAT(told.again, IsEmpty());
  EXPECT_THAT(peer.violations(), IsEmpty());
}

}  // namespace
}  // namespace omnibus::mqtt
