/// Processes of one store that die or stop: whom it holds up, and for how long.

#include <thread>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/tests/processes/scene.hpp"

namespace omnibus::embedded::test {
namespace {

using namespace std::chrono_literals;

const auto kill_signal = std::to_string(SIGKILL);
const auto stop_signal = std::to_string(SIGSTOP);

TEST_F(Processes, AHolderKilledAtAnyStepBlocksNobody) {
  SmallStore store({path(), "sync"});
  const auto producer = store.producer("work", "parent");
  store.engine()->create_subscription(queue("work"), SmallStore::subscription, Position::earliest);
  Stopwatch sends;
  std::set<std::string> expected;
  int sent = 0;
  const auto send_one = [&] {
    const auto text = "parent:" + std::to_string(++sent);
    const auto error = sends.time([&] { return send(*producer, text); });
    ASSERT_FALSE(error) << error->what();
    expected.insert(text);
  };
  for (const auto* step :
       {"frame-written", "length-stored", "end-stored", "segment-stamped", "segment-started"}) {
    Worker worker(
        {"step", path(), step, step, std::string_view(step).starts_with("segment") ? "1" : "7", kill_signal});
    std::string last;
    for (auto line = worker.line(); !line.empty(); line = worker.line()) {
      expected.insert(std::string(step) + ':' + line);
      send_one();
    }
    ASSERT_EQ(worker.wait(), -SIGKILL) << step;
    for (int at = 0; at < 20; ++at) send_one();
  }
  const auto found = take_all(store, "work");
  for (const auto& text : expected) EXPECT_TRUE(found.contains(text)) << text;
  EXPECT_LE(found.size(), expected.size() + 5) << "one send of each was not confirmed";
  report("longest send beside a killed holder, ms", sends.longest());
  EXPECT_LE(sends.longest(), at_most);
}

TEST_F(Processes, ASyncLeaderThatStopsOrDiesHoldsNoFollowerUp) {
  SmallStore store({path(), "sync"});
  const auto producer = store.producer("work", "parent");
  store.engine()->create_subscription(queue("work"), SmallStore::subscription, Position::earliest);
  Stopwatch sends;
  for (const int end : {SIGCONT, SIGKILL}) {
    Worker leader({"lead", path(), "leader" + std::to_string(end), stop_signal});
    await_stop(leader);
    for (int at = 0; at < 20; ++at)
      ASSERT_FALSE(sends.time([&] { return send(*producer, std::to_string(end * 100 + at)); }));
    leader.kill(end);
    for (int at = 20; at < 40; ++at)
      ASSERT_FALSE(sends.time([&] { return send(*producer, std::to_string(end * 100 + at)); }));
    ASSERT_EQ(leader.wait(), end == SIGKILL ? -SIGKILL : 0);
  }
  EXPECT_GE(take_all(store, "work").size(), 80u + 10u);
  report("longest send beside a stopped sync leader, ms", sends.longest());
  EXPECT_LE(sends.longest(), at_most);
}

TEST_F(Processes, AStoppedConsumerKeepsItsLeasesAndNothingElse) {
  SmallStore store({path()});
  const auto producer = store.producer("work", "parent");
  for (int at = 0; at < 4; ++at) ASSERT_FALSE(send(*producer, "held" + std::to_string(at)));
  Worker stopped({"hold", path(), "4"});
  ASSERT_EQ(stopped.line(), "held");
  stopped.kill(SIGSTOP);
  await_stop(stopped);
  CollectingSink sink;
  const auto consumer = store.consumer("work", sink);
  consumer->request(1000);
  Stopwatch rounds;
  std::size_t strange = 0;
  for (int at = 0; at < 50; ++at) {
    const auto text = std::to_string(at);
    ASSERT_FALSE(rounds.time([&] { return send(*producer, text); }));
    ASSERT_TRUE(rounds.time([&] { return sink.wait_for(1); }));
    const auto got = sink.take();
    strange += got.size() != 1 || got[0].body.bytes() != text ? 1 : 0;
    ASSERT_FALSE(rounds.time([&] { return acknowledge(*consumer, {got[0].ack}); }));
  }
  EXPECT_FALSE(sink.wait_for(1, 600ms)) << "a stopped process is alive";
  stopped.kill(SIGCONT);
  EXPECT_EQ(stopped.wait(), 0);
  EXPECT_EQ(stopped.line(), "acknowledged");
  EXPECT_EQ(store.backlog("work"), 0u);
  EXPECT_EQ(strange, 0u);
  report("longest call beside a stopped consumer, ms", rounds.longest());
  EXPECT_LE(rounds.longest(), at_most);
}

TEST_F(Processes, LeasesOfTheDeadComeToOthersWithinASecond) {
  SmallStore store({path()});
  const auto producer = store.producer("work", "parent");
  Stopwatch waits;
  for (const bool stopped_before : {false, true, false, true}) {
    for (int at = 0; at < 4; ++at) ASSERT_FALSE(send(*producer, "held" + std::to_string(at)));
    Worker dying({"hold", path(), "4"});
    ASSERT_EQ(dying.line(), "held");
    if (stopped_before) dying.kill(SIGSTOP);
    CollectingSink sink;
    const auto consumer = store.consumer("work", sink);
    consumer->request(1000);
    EXPECT_EQ(sink.size(), 0u);
    dying.kill(SIGKILL);
    ASSERT_TRUE(waits.time([&] { return sink.wait_for(4); }));
    std::vector<driver::AckId> ids;
    for (const auto& delivery : sink.take()) ids.push_back(delivery.ack);
    ASSERT_FALSE(acknowledge(*consumer, ids));
  }
  report("longest wait for the leases of a dead process, ms", waits.longest());
  EXPECT_LE(waits.longest(), at_most);
}

/// Several threads at once ask a store whose commit section a stopped process holds; each gets a typed error.
void expect_typed_errors(SmallStore& store, driver::Producer& producer, const Worker& stopped,
                         Stopwatch& waits) {
  const auto holder = "process " + std::to_string(stopped.pid());
  std::vector<std::jthread> threads;
  std::mutex sending;  // one caller at a time
  for (int at = 0; at < 4; ++at) {
    threads.emplace_back([&, at] {
      const auto error = waits.time([&]() -> std::optional<Error> {
        if (at == 0) return send(producer, "refused");
        return wait([&](Completion done) { store.engine()->flush(std::move(done)); });
      });
      ASSERT_TRUE(error);
      EXPECT_EQ(error->code(), ErrorCode::unavailable);
      EXPECT_TRUE(error->retryable());
      EXPECT_NE(std::string(error->what()).find(holder), std::string::npos) << error->what();
    });
  }
}

TEST_F(Processes, AHolderStoppedInTheSectionGivesTypedErrorsAndHarmsNothing) {
  SmallStore store({path()});
  auto producer = store.producer("work", "parent");
  store.engine()->create_subscription(queue("work"), SmallStore::subscription, Position::earliest);
  Stopwatch refusals, sends;
  std::set<std::string> expected;
  for (const auto* step : {"frame-written", "length-stored", "end-stored"}) {
    for (const int end : {SIGCONT, SIGKILL}) {
      const auto tag = std::string(step) + std::to_string(end);
      Worker worker({"step", path(), tag, step, "5", stop_signal});
      await_stop(worker);
      expect_typed_errors(store, *producer, worker, refusals);
      worker.kill(end);
      // What was refused may come again, so its producer takes nothing that would overtake it.
      EXPECT_EQ(send(*producer, "later").value().code(), ErrorCode::unavailable);
      producer.reset();
      producer = store.producer("work", "parent");
      ASSERT_FALSE(sends.time([&] { return send(*producer, "parent:" + tag); }));
      expected.insert("parent:" + tag);
      for (auto line = worker.line(); !line.empty(); line = worker.line()) expected.insert(tag + ':' + line);
      ASSERT_EQ(worker.wait(), end == SIGKILL ? -SIGKILL : 0);
    }
  }
  const auto found = take_all(store, "work");
  for (const auto& text : expected) EXPECT_TRUE(found.contains(text)) << text;
  EXPECT_FALSE(found.contains("refused"));
  EXPECT_FALSE(found.contains("later"));
  EXPECT_GE(expected.size(), 300u);
  EXPECT_LE(found.size(), expected.size() + 3);
  report("longest wait for a typed error, ms", refusals.longest());
  report("longest send after the holder went on or died, ms", sends.longest());
  EXPECT_LE(refusals.longest(), at_most + 500) << "lock_wait is 1 s";
  EXPECT_LE(sends.longest(), at_most);
}

}  // namespace
}  // namespace omnibus::embedded::test
