#include "omnibus/framework/program.hpp"

#include <csignal>
#include <thread>

#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::ExitedWithCode;
using testing::HasSubstr;

TEST(SignalStop, ASignalRequestsTheStop) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const SignalStop signals;
    EXPECT_FALSE(signals.token().stop_requested());
    std::raise(signal);
    EXPECT_TRUE(eventually([&] { return signals.token().stop_requested(); }));
  }
}

TEST(SignalStop, RestoresWhatWasThereBefore) {
  struct sigaction before = {}, after = {};
  ::sigaction(SIGTERM, nullptr, &before);
  { const SignalStop signals; }
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(SignalStop, ThereIsOneAtATime) {
  const SignalStop signals;
  EXPECT_EQ(code_of([] { const SignalStop second; }), ErrorCode::conflict);
}

TEST(SignalStopDeathTest, TheSecondSignalEndsAtOnce) {
  EXPECT_EXIT(
      {
        const SignalStop signals;
        std::raise(SIGTERM);
        std::raise(SIGINT);
      },
      ExitedWithCode(128 + SIGINT), "");
}

/// Its handler never ends and uses the processor, so that the processor must not go.
class Stubborn : public AsyncProcessor {
 public:
  Stubborn(const Bus& bus, const Settings& settings)
      : AsyncProcessor(bus, settings),
        consumer_(bus, {.id = id(), .name = "in", .queue = queue_, .subscription = "s"},
                  Handler<Note>([this](const auto&, const Context&) {
                    running_.set_value();
                    std::promise<void>().get_future().wait_for(1h);
                  })) {}
  ~Stubborn() override { std::_Exit(77); }
  void start() override {
    consumer_.start();
    bus().create_producer<Note>(queue_).send({"x"});
    running_.get_future().wait();
  }
  void stop() override { consumer_.stop(time_left()); }

 private:
  const QueueName queue_ = topic("in");
  std::promise<void> running_;
  Consumer<Note> consumer_;
};

TEST(ProgramDeathTest, AHandlerThatNeverEndsMeetsNoDestructor) {
  EXPECT_EXIT(
      {
        Settings settings;
        settings.id = "a";
        settings.pubsub_url = "embedded://";
        settings.metrics = false;
        settings.shutdown_timeout = 1ms;
        std::_Exit(run_program<Stubborn>(settings, {.started = [] { std::raise(SIGTERM); }}));
      },
      ExitedWithCode(1), "handlers still run");
}

class Recorder : public AsyncProcessor {
 public:
  Recorder(const Bus& bus, const Settings& settings, Seen& seen)
      : AsyncProcessor(bus, settings), seen_(seen) {}
  void start() override { seen_.add("start " + id()); }
  void stop() override { seen_.add("stop " + id()); }
  std::string ready() const override { return {}; }

 protected:
  Seen& seen_;
};

class ProgramTest : public testing::Test {
 protected:
  Seen seen;
  Settings settings = made();

  static Settings made() {
    Settings settings;
    settings.program = "test program";
    settings.id = "a";
    settings.pubsub_url = "embedded://";
    settings.metrics = false;
    settings.shutdown_timeout = 5s;
    return settings;
  }
  MakeProcessors two() {
    return [this](const Bus& bus, const Settings& common) {
      auto second = common;
      second.id = "b";
      std::vector<std::unique_ptr<AsyncProcessor>> all;
      all.push_back(std::make_unique<Recorder>(bus, common, seen));
      all.push_back(std::make_unique<Recorder>(bus, second, seen));
      return all;
    };
  }
};

TEST_F(ProgramTest, StartsInOrderAndStopsBackwardsOnASignal) {
  EXPECT_EQ(run_program(settings, two(), {.started = [] { std::raise(SIGTERM); }}), 0);
  EXPECT_THAT(seen.all(), ElementsAre("start a", "start b", "stop b", "stop a"));
}

TEST_F(ProgramTest, AllProcessorsShareTheTimeToStop) {
  class Slow : public Recorder {
   public:
    using Recorder::Recorder;
    void stop() override {
      seen_.add(id() + (time_left() > 0s ? " has time" : " has none"));
      while (time_left() > 0s) std::this_thread::yield();
    }
  };
  settings.shutdown_timeout = 20ms;
  const auto make = [&](const Bus& bus, const Settings& common) {
    auto second = common;
    second.id = "b";
    std::vector<std::unique_ptr<AsyncProcessor>> all;
    all.push_back(std::make_unique<Slow>(bus, common, seen));
    all.push_back(std::make_unique<Slow>(bus, second, seen));
    return all;
  };
  run_program(settings, make, {.started = [] { std::raise(SIGTERM); }});
  EXPECT_EQ(seen.all().back(), "a has none");
}

TEST_F(ProgramTest, TriesAgainWhileTheBrokerIsAway) {
  int attempts = 0;
  const auto make = [&](const Bus& bus, const Settings& common) {
    if (++attempts < 3) throw Error(ErrorCode::unavailable, "no broker", {.retryable = true});
    return two()(bus, common);
  };
  EXPECT_EQ(run_program(settings, make, {.restart = 1ms, .started = [] { std::raise(SIGINT); }}), 0);
  EXPECT_EQ(attempts, 3);
}

TEST_F(ProgramTest, AConfigErrorIsOneLineAndStatusTwo) {
  testing::internal::CaptureStderr();
  const int status =
      run_program(settings, [](const Bus&, const Settings&) -> std::vector<std::unique_ptr<AsyncProcessor>> {
        throw ConfigError("flag --x is wrong", "use --y");
      });
  EXPECT_EQ(status, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("test program: flag --x is wrong (use --y)\n"));
}

TEST_F(ProgramTest, ATakenPortIsOneLineAndStatusTwo) {
  const AdminServer holder(Metrics(), 0);
  settings.metrics = true;
  settings.metrics_port = holder.port();
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_program(settings, two()), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("port " + std::to_string(holder.port())));
  EXPECT_THAT(seen.all(), testing::IsEmpty());
}

TEST_F(ProgramTest, TellsTheMetricsPortThatItGot) {
  settings.metrics = true;
  settings.metrics_port = 0;
  std::string told;
  log::set_handler([&told](log::Level, std::string_view message) {
    if (message.starts_with("metrics are served on port ")) told = message;
  });
  const int status =
      run_program(settings, [](const Bus&, const Settings&) -> std::vector<std::unique_ptr<AsyncProcessor>> {
        throw ConfigError("enough");
      });
  log::set_handler(nullptr);
  EXPECT_EQ(status, 2);
  EXPECT_GT(std::stoi(told.substr(told.rfind(' '))), 0);
}

TEST_F(ProgramTest, WhatStartedIsStoppedWhenALaterOneFails) {
  const auto make = [&](const Bus& bus, const Settings& common) {
    class Failing : public Recorder {
     public:
      using Recorder::Recorder;
      void start() override { throw Error(ErrorCode::conflict, "taken"); }
    };
    std::vector<std::unique_ptr<AsyncProcessor>> all;
    all.push_back(std::make_unique<Recorder>(bus, common, seen));
    all.push_back(std::make_unique<Failing>(bus, common, seen));
    return all;
  };
  EXPECT_EQ(run_program(settings, make), 1);
  EXPECT_THAT(seen.all(), ElementsAre("start a", "stop a", "stop a"));
}

}  // namespace
}  // namespace omnibus::framework
