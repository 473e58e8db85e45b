#include "omnibus/framework/config_receiver.hpp"

#include <stdexcept>

#include "framework/tests/config_support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class ConfigReceiverTest : public testing::Test {
 protected:
  Bus bus = connect("embedded://");
  FakeConfigService service{bus};
  Seen seen;

  static ConfigReceiverSettings settings() {
    ConfigReceiverSettings made;
    made.id = "p";
    made.ask_again = {.initial = 1ms, .maximum = 2ms};
    made.apply_again = {.initial = 1ms, .maximum = 2ms};
    made.answer = 20ms;
    made.reconnect = 1ms;
    return made;
  }
  std::unique_ptr<ConfigReceiver> receiver(ConfigReceiverSettings mine = settings()) {
    auto made = std::make_unique<ConfigReceiver>(bus, std::move(mine));
    made->on_config([this](const Configuration& values, std::int64_t version) {
      seen.add(std::to_string(version) + ":" + values.at("t").at("k"));
    });
    return made;
  }
  static Configuration with(const std::string& text) { return {{"t", {{"k", text}}}}; }
};

TEST_F(ConfigReceiverTest, AsksForWhatWasThereBefore) {
  service.push(7, with("old"));
  service.serve();
  auto config = receiver();
  EXPECT_EQ(config->version(), std::nullopt);
  config->start();
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("7:old"));
  EXPECT_TRUE(eventually([&] { return config->version() == 7; }));
}

TEST_F(ConfigReceiverTest, SubscribesBeforeItAsksSoThatNoPushIsMissed) {
  service.put(1, with("asked"));
  auto config = receiver();
  auto spy =
      bus.create_consumer<catalogue::ConfigRequest>(QueueName::parse(catalogue::config_request_queue), "spy");
  config->start();
  spy.receive(10s);
  const auto push = bus.statistics(QueueName::parse(catalogue::config_push_queue));
  EXPECT_THAT(push.subscriptions, ElementsAre(testing::Key(StartsWith("p--config--"))));
}

TEST_F(ConfigReceiverTest, AppliesNoPushThatIsOlderThanItsSubscription) {
  service.push(7, with("pushed before"));
  service.put(8, with("stored since"));
  auto config = receiver();
  auto spy =
      bus.create_consumer<catalogue::ConfigRequest>(QueueName::parse(catalogue::config_request_queue), "spy");
  config->start();
  for (int i = 0; i < 3; ++i) spy.receive(10s);  // nobody answers yet
  service.serve();
  ASSERT_TRUE(eventually([&] { return config->version() == 8; }));
  EXPECT_THAT(seen.all(), ElementsAre("8:stored since"));
}

TEST_F(ConfigReceiverTest, AsksUntilItIsAnswered) {
  service.put(3, with("late"));
  auto config = receiver();
  config->start();
  service.refuse(true);
  service.serve();
  ASSERT_TRUE(eventually([&] { return service.asked() >= 3; }));
  EXPECT_EQ(seen.count(), 0u);
  service.refuse(false);
  EXPECT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("3:late"));
}

TEST_F(ConfigReceiverTest, AppliesOnlyVersionsAboveTheLast) {
  auto config = receiver();
  config->start();
  auto received = labelled("p", "None", "config");
  received["status"] = "success";
  int pushed = 0;
  for (const auto version : {5, 5, 3, 6, 4, 6, 9}) {
    service.push(version, with("x" + std::to_string(version)));
    // One at a time: a newer one may overtake an older that waits, which is another test's matter.
    ++pushed;
    ASSERT_TRUE(eventually([&] { return counted(bus, "processing_count", received) == pushed; }));
    ASSERT_TRUE(eventually([&] { return config->version() >= version; }));
  }
  ASSERT_TRUE(eventually([&] { return config->version() == 9; }));
  EXPECT_THAT(seen.all(), ElementsAre("5:x5", "6:x6", "9:x9"));
}

TEST_F(ConfigReceiverTest, AppliesAVersionOnceThoughItCameTwice) {
  service.put(2, with("both"));
  auto config = receiver();
  config->start();
  service.push(2, with("both"));
  service.serve();
  ASSERT_TRUE(seen.reaches(1));
  service.push(3, with("next"));
  ASSERT_TRUE(eventually([&] { return config->version() == 3; }));
  EXPECT_THAT(seen.all(), ElementsAre("2:both", "3:next"));
}

TEST_F(ConfigReceiverTest, AppliesAgainWhatAHandlerFailedOn) {
  auto config = std::make_unique<ConfigReceiver>(bus, settings());
  config->on_config(
      [&](const Configuration&, std::int64_t version) { seen.add("a" + std::to_string(version)); });
  config->on_config([&](const Configuration&, std::int64_t version) {
    seen.add("b" + std::to_string(version));
    if (seen.count() < 5) throw std::runtime_error("not yet");
  });
  config->start();
  service.push(1, with("x"));
  ASSERT_TRUE(eventually([&] { return config->version() == 1; }));
  EXPECT_THAT(seen.all(), ElementsAre("a1", "b1", "a1", "b1", "a1", "b1"));
}

TEST_F(ConfigReceiverTest, ANewerVersionReplacesOneThatCannotBeApplied) {
  ConfigReceiver config(bus, settings());
  config.on_config([&](const Configuration&, std::int64_t version) {
    if (version == 1) throw std::runtime_error("never");
  });
  config.start();
  service.push(1, with("bad"));
  service.push(2, with("good"));
  EXPECT_TRUE(eventually([&] { return config.version() == 2; }));
}

TEST_F(ConfigReceiverTest, StopWaitsForTheHandlerThatRuns) {
  Gate gate;
  std::atomic<bool> ended = false;
  ConfigReceiver config(bus, settings());
  config.on_config([&](const Configuration&, std::int64_t) {
    seen.add("in");
    gate.wait();
    ended = true;
  });
  config.start();
  service.push(1, with("x"));
  ASSERT_TRUE(seen.reaches(1));
  auto stopping = std::async(std::launch::async, [&] { config.stop(10s); });
  gate.open();
  stopping.get();
  EXPECT_TRUE(ended);
}

TEST_F(ConfigReceiverTest, MayBeStoppedByItsHandler) {
  ConfigReceiver config(bus, settings());
  config.on_config([&](const Configuration&, std::int64_t) {
    config.stop(10s);
    seen.add("stopped");
  });
  config.start();
  service.push(1, with("x"));
  EXPECT_TRUE(seen.reaches(1));
}

TEST(ConfigReceiverLink, SubscribesAloneAtTheLatestAndForItsLifeOnly) {
  auto broker = std::make_shared<fake::Broker>();
  auto bus = broker->connect();
  ConfigReceiver config(bus, "p", QueueName::parse(catalogue::config_push_queue));
  config.start();
  const auto found = broker->subscriptions(std::string(catalogue::config_push_queue));
  ASSERT_EQ(found.size(), 1u);
  const auto& options = found.begin()->second.options;
  EXPECT_EQ(options.position, Position::latest);
  EXPECT_EQ(options.sharing, Sharing::exclusive);
  EXPECT_EQ(options.lifetime, Lifetime::ephemeral);
}

TEST(ConfigReceiverLink, AsksAgainWhenTheSubscriptionHadToBeRenewed) {
  auto broker = std::make_shared<fake::Broker>();
  auto bus = broker->connect();
  FakeConfigService service(bus);
  service.put(1, {});
  service.serve();
  ConfigReceiverSettings settings;
  settings.id = "p";
  settings.ask_again = {.initial = 1ms, .maximum = 2ms};
  settings.answer = 20ms;
  settings.reconnect = 1ms;
  ConfigReceiver config(bus, settings);
  config.start();
  ASSERT_TRUE(eventually([&] { return config.version() == 1; }));
  broker->cut();
  service.put(2, {});  // its push went to nobody
  broker->restore();
  EXPECT_TRUE(eventually([&] { return config.version() == 2; }));
}

}  // namespace
}  // namespace omnibus::framework
