/// Processes killed with -9 at each named step of their work, and at random.

#include <array>
#include <random>

#include "conformance/case.hpp"
#include "conformance/steps.hpp"

namespace omnibus::conformance {
namespace {

/// Relays that compete for the inputs of one queue, and what they made of them in two output queues.
class RelayScene {
 public:
  using Start = std::function<std::unique_ptr<Worker>(const QueueName& input, const Worker::Arguments&)>;

  RelayScene(Bus bus, QueueName in, QueueName first, QueueName second, Start start)
      : bus_(std::move(bus)),
        in_(std::move(in)),
        start_(std::move(start)),
        how_{{"first", first.str()}, {"second", second.str()}, {"window", "3"}, {"abort", "4"}},
        outputs_{bus_.create_consumer<Item>(first, "readers", {.window = 100'000}),
                 bus_.create_consumer<Item>(second, "readers", {.window = 100'000})},
        source_(bus_.create_producer<Item>(in_)) {
    bus_.create_consumer<Item>(in_, "readers").close();
  }

  std::unique_ptr<Worker> relay(Worker::Arguments more = {}) {
    more.insert(how_.begin(), how_.end());
    return start_(in_, more);
  }
  void send(std::int64_t count) {
    send_range(source_, sent_, sent_ + count - 1);
    sent_ += count;
  }
  std::int64_t sent() const noexcept { return sent_; }

  /// Waits until every input has come out on both sides and counts.
  struct Outcome {
    std::size_t lost = 0, duplicated = 0, strange = 0;
  };
  Outcome outcome() {
    Outcome all;
    for (auto& output : outputs_) {
      Tally tally(static_cast<std::size_t>(sent_));
      while (tally.lost() > 0) {
        const auto message = output.poll(options().patience);
        if (!message) break;
        tally.count(static_cast<std::size_t>((*message)->number));
      }
      for (const auto& late : drain(output)) tally.count(static_cast<std::size_t>(late->number));
      all.lost += tally.lost();
      all.duplicated += tally.duplicated();
      all.strange += tally.strange();
    }
    return all;
  }

 private:
  Bus bus_;
  QueueName in_;
  Start start_;
  Worker::Arguments how_;
  std::array<Consumer<Item>, 2> outputs_;
  Producer<Item> source_;
  std::int64_t sent_ = 0;
};

class Kills : public Case {
 protected:
  RelayScene scene() {
    return {bus(), queue("in"), queue("first"), queue("second"),
            [this](const QueueName& input, const Worker::Arguments& how) {
              return worker("transact", input, how);
            }};
  }

  void check(RelayScene& scene, std::size_t kills) {
    const auto found = scene.outcome();
    report("kills", kills);
    report("inputs", static_cast<std::uint64_t>(scene.sent()));
    report("lost", found.lost);
    report("duplicated", found.duplicated);
    EXPECT_EQ(found.lost + found.strange, 0u);
    if (features().has(Feature::transactions)) {
      EXPECT_EQ(found.duplicated, 0u);
    }
  }

  /// Steps that this backend's way of relaying never comes to.
  bool reachable(std::string_view step) {
    return features().has(Feature::transactions) ||
           (step.find("driver: ") == std::string_view::npos && step != "begun" && step != "aborted" &&
            step != "given back");
  }
};

/// Feeds the relays until the victim has died of its own hand.
void feed_until_dead(RelayScene& scene, Worker& victim, std::string_view step) {
  const auto deadline = deadline_after(options().patience);
  while (!victim.ended()) {
    if (Clock::now() >= deadline) throw Missed("no relay came to the step '" + std::string(step) + "'");
    scene.send(3);
    for (int i = 0; i < 10 && !victim.ended(); ++i) std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(victim.join(), -SIGKILL) << "the relay that was to die at '" << step << "' ended in another way";
}

TEST_F(Kills, RelayAtEachStepLosesAndDoublesNothing) {
  NEEDS(durable);
  auto relays = scene();
  const std::array others{relays.relay(), relays.relay()};
  std::mt19937_64 random(options().seed);
  std::size_t kills = 0;
  for (const auto step : relay_steps()) {
    if (!reachable(step)) continue;
    const bool once = step == "connected" || step == "subscribed" || step == "closing";
    Worker::Arguments how{{"step", std::string(step)},
                          {"nth", once ? "1" : std::to_string(1 + random() % 3)}};
    if (step == "closing") how["count"] = "3";
    const auto victim = relays.relay(how);
    feed_until_dead(relays, *victim, step);
    ++kills;
  }
  check(relays, kills);
  for (const auto& other : others) {
    if (!other->ended()) continue;
    std::string last;
    for (const auto& line : other->rest()) last = line;
    ADD_FAILURE() << "a relay that nobody killed has ended: " << last;
  }
}

TEST_F(Kills, RelaysAtRandomLoseAndDoubleNothing) {
  NEEDS(durable);
  const auto kills = 10 * options().rounds;
  auto relays = scene();
  std::array running{relays.relay(), relays.relay(), relays.relay()};
  std::mt19937_64 random(options().seed);
  for (std::size_t kill = 0; kill < kills; ++kill) {
    auto& victim = running[random() % running.size()];
    victim->await("ready");
    relays.send(10);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    victim->kill();
    victim = relays.relay();
  }
  check(relays, kills);
}

TEST_F(Kills, SenderAtEachStepStoresEachMessageOnce) {
  NEEDS_MORE_THAN_WEAKER(send_deduplication);
  NEEDS(durable);
  constexpr std::size_t count = 20;
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  const Worker::Arguments all{{"name", "writer"},
                              {"numbered", "yes"},
                              {"from", "1"},
                              {"to", std::to_string(count)},
                              {"close", "yes"}};
  std::mt19937_64 random(options().seed);
  std::size_t kills = 0;
  for (const auto step : sender_steps()) {
    const bool often = step.find("send") != std::string_view::npos || step == "confirmed";
    auto how = all;
    how["step"] = step;
    how["nth"] = often ? std::to_string(1 + random() % count) : "1";
    EXPECT_EQ(worker("produce", where, how)->join(), -SIGKILL) << "at the step '" << step << "'";
    ++kills;
  }
  worker("produce", where, all)->await("done");
  Tally tally(count);
  for (const auto& message : take(inbox, count)) tally.count(static_cast<std::size_t>(message->number - 1));
  EXPECT_TRUE(silent(inbox));
  report("kills", kills);
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.lost() + tally.duplicated() + tally.strange(), 0u);
}

}  // namespace
}  // namespace omnibus::conformance
