#include "backends/embedded/tests/store_harness.hpp"

#include <array>
#include <atomic>
#include <new>
#include <random>
#include <thread>

#include <omnibus/store.hpp>

#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded::test {
namespace {

using Texts = std::vector<std::string>;

class Store : public ::testing::TestWithParam<const char*> {
 protected:
  Extra parameters() const { return {{"durability", GetParam()}}; }
  TemporaryDirectory directory;
};

INSTANTIATE_TEST_SUITE_P(Durability, Store, ::testing::Values("process", "sync", "group:5"),
                         [](const auto& level) {
                           return std::string(level.param, strcspn(level.param, ":"));
                         });

TEST_P(Store, KeepsMessagesAndAcknowledgementsAcrossARestart) {
  driver::AckId nacked;
  {
    Opening bus(directory.store(), parameters());
    CollectingSink sink;
    auto in = bus.consumer(queue("a"), "s", sink);
    in->request(10);
    auto out = bus.producer(queue("a"), "p");
    for (const auto* text : {"k", "k+1", "k+2"}) EXPECT_FALSE(send(*out, text));
    ASSERT_TRUE(sink.wait_for(3));
    const auto got = sink.take();
    nacked = got[0].ack;
    EXPECT_FALSE(wait([&](Completion done) {
      in->negative_acknowledge({&nacked, 1}, std::chrono::milliseconds(0), std::move(done));
    }));
    EXPECT_FALSE(acknowledge(*in, {got[1].ack}));
  }
  Opening bus(directory.store(), parameters());
  CollectingSink sink;
  auto in = bus.consumer(queue("a"), "s", sink);
  in->request(10);
  ASSERT_TRUE(sink.wait_for(2));
  const auto got = sink.take();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].body.bytes(), "k");
  EXPECT_GE(got[0].attempt, 2U);
  EXPECT_EQ(got[1].body.bytes(), "k+2");
  const auto stale = acknowledge(*in, {nacked});
  ASSERT_TRUE(stale) << "its epoch is over";
  EXPECT_EQ(stale->code(), ErrorCode::stale_ack);
}

TEST_P(Store, ReachesAConsumerOfAnotherOpening) {
  Opening one(directory.store(), parameters()), two(directory.store(), parameters());
  CollectingSink sink;
  auto in = two.consumer(queue("a"), "s", sink);
  in->request(1000);
  auto out = one.producer(queue("a"), "p");
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(send(*out, std::to_string(i)));
  ASSERT_TRUE(sink.wait_for(100));
  const auto got = sink.take();
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].body.bytes(), std::to_string(i));
  std::vector<driver::AckId> ids;
  for (const auto& delivery : got) ids.push_back(delivery.ack);
  EXPECT_FALSE(acknowledge(*in, ids));
  EXPECT_EQ(one.statistics(queue("a")).subscriptions.at("s").backlog, 0U);
}

TEST_P(Store, CarriesLargeBodiesAndEveryByte) {
  Opening one(directory.store(), parameters()), two(directory.store(), parameters());
  CollectingSink sink;
  auto in = two.consumer(queue("a"), "s", sink);
  in->request(10);
  auto out = one.producer(queue("a"), "p");
  std::mt19937 random(7);
  std::string large(3 << 20, '\0');
  for (auto& byte : large) byte = static_cast<char>(random());
  const auto edge = large.substr(0, 64 << 10);
  EXPECT_FALSE(send(*out, large, 0, {{"big", std::string(30'000, 'x')}}));
  EXPECT_FALSE(send(*out, edge));
  EXPECT_FALSE(send(*out, edge + "x"));
  ASSERT_TRUE(sink.wait_for(3));
  const auto got = sink.take();
  EXPECT_TRUE(got[0].body.bytes() == large);
  EXPECT_EQ(got[0].properties.value_or("big", "").size(), 30'000U);
  EXPECT_TRUE(got[1].body.bytes() == edge);
  EXPECT_TRUE(got[2].body.bytes() == edge + "x");
}

TEST_P(Store, StoresARepeatedSequenceOnceAcrossARestart) {
  {
    Opening bus(directory.store(), parameters());
    auto out = bus.producer(queue("a"), "me");
    EXPECT_FALSE(send(*out, "x", 5));
  }
  Opening bus(directory.store(), parameters());
  auto out = bus.producer(queue("a"), "me");
  EXPECT_FALSE(send(*out, "x", 5));
  EXPECT_FALSE(send(*out, "y", 6));
  EXPECT_EQ(bus.statistics(queue("a")).depth, 2U);
}

using StoreOpenings = Store;
INSTANTIATE_TEST_SUITE_P(Process, StoreOpenings, ::testing::Values("process"));

TEST_P(StoreOpenings, CarryBestEffortBetweenThem) {
  Opening one(directory.store(), parameters()), two(directory.store(), parameters());
  const auto name = queue("a", Qos::best_effort);
  CollectingSink sink, own;
  auto in = two.consumer(name, "s", sink);
  auto mine = one.consumer(name, "t", own);
  in->request(1000);
  mine->request(1000);
  auto out = one.producer(name, "p");
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(send(*out, std::to_string(i)));
  ASSERT_TRUE(sink.wait_for(50));
  ASSERT_TRUE(own.wait_for(50));
  EXPECT_EQ(sink.take_payloads().back(), "49");
  EXPECT_EQ(own.take()[7].attempt, 1U);
}

TEST_P(StoreOpenings, ShareABestEffortSubscription) {
  Opening one(directory.store(), parameters()), two(directory.store(), parameters());
  const auto name = queue("a", Qos::best_effort);
  CollectingSink first, second;
  auto here = one.consumer(name, "s", first);
  auto there = two.consumer(name, "s", second);
  here->request(1000);
  there->request(1000);
  auto out = one.producer(name, "p");
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(send(*out, std::to_string(i)));
  ASSERT_TRUE(first.wait_for(25));
  ASSERT_TRUE(second.wait_for(25));
  EXPECT_EQ(first.size() + second.size(), 50U);
}

TEST_P(StoreOpenings, ReleaseWhatTheyHoldWhenTheyClose) {
  auto one = std::make_unique<Opening>(directory.store(), parameters());
  Opening two(directory.store(), parameters());
  CollectingSink first, second;
  auto here = one->consumer(queue("a"), "s", first);
  here->request(10);
  auto out = two.producer(queue("a"), "p");
  EXPECT_FALSE(send(*out, "x"));
  ASSERT_TRUE(first.wait_for(1));
  auto there = two.consumer(queue("a"), "s", second);
  there->request(10);
  EXPECT_EQ(wait([&](Completion done) { one->backend->close(TimePoint::max(), std::move(done)); }),
            std::nullopt);
  ASSERT_TRUE(second.wait_for(1));
  EXPECT_EQ(second.take()[0].attempt, 2U);
  EXPECT_EQ(wait([&](Completion done) { here->acknowledge({}, std::move(done)); })->code(),
            ErrorCode::closed);
}

TEST_P(StoreOpenings, RefuseASecondExclusiveConsumer) {
  Opening one(directory.store(), parameters()), two(directory.store(), parameters());
  CollectingSink sink;
  auto in = one.consumer(queue("a"), "s", sink, {.sharing = Sharing::exclusive});
  EXPECT_THROW(two.consumer(queue("a"), "s", sink, {.sharing = Sharing::exclusive}), Error);
  in.reset();
  EXPECT_NO_THROW(two.consumer(queue("a"), "s", sink, {.sharing = Sharing::exclusive}));
}

TEST_P(StoreOpenings, AreLookedIntoWithoutBeingDisturbed) {
  Opening bus(directory.store(), parameters());
  CollectingSink sink;
  auto in = bus.consumer(queue("a"), "s", sink);
  auto out = bus.producer(queue("a"), "p");
  EXPECT_FALSE(send(*out, "x"));
  EXPECT_FALSE(send(*out, std::string(100'000, 'x')));
  const auto contents = read_store(directory.store());
  ASSERT_EQ(contents.queues.count("q1/tg/flow/a"), 1U);
  EXPECT_EQ(contents.queues.at("q1/tg/flow/a").depth, 2U);
  EXPECT_EQ(contents.queues.at("q1/tg/flow/a").subscriptions.at("s").backlog, 2U);
  EXPECT_EQ(contents.blobs, 1U);
  EXPECT_EQ(contents.segments.size(), 1U);
  in->request(10);
  EXPECT_TRUE(sink.wait_for(2));
}

TEST_P(StoreOpenings, RefuseWhatIsTooLargeAloneAmongWhatIsSentWithIt) {
  Opening one(directory.store(), parameters());
  auto out = one.producer(queue("a"), "p");
  std::array<driver::Outgoing, 4> messages;
  messages[1].properties.set("large", std::string(std::size_t{2} << 20, 'x'));
  messages[2].properties = messages[1].properties;
  std::array<std::optional<ErrorCode>, 4> errors;
  std::vector<driver::SendRequest> batch;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].payload = std::to_string(i);
    messages[i].sequence = i + 1;
    batch.push_back({&messages[i], [&errors, i](const Error* error) {
                       if (error != nullptr) errors[i] = error->code();
                     }});
  }
  messages[2].sequence = messages[1].sequence;  // again
  out->send(batch);
  EXPECT_EQ(errors[0], std::nullopt);
  EXPECT_EQ(errors[1], ErrorCode::too_large);
  EXPECT_EQ(errors[2], ErrorCode::too_large) << "it was not stored before";
  EXPECT_EQ(errors[3], std::nullopt);
  EXPECT_EQ(one.statistics(queue("a")).depth, 2U);
}

TEST_P(StoreOpenings, GoOnServingWhenAnAnswerThrows) {
  Opening one(directory.store(), parameters());
  CollectingSink sink;
  auto in = one.consumer(queue("a"), "s", sink);
  EXPECT_FALSE(wait([&](Completion done) { one.backend->close(TimePoint::max(), std::move(done)); }));
  EXPECT_THROW(in->acknowledge({}, [](const Error*) { throw std::bad_alloc(); }), std::bad_alloc);
  std::atomic<bool> answered = false;
  std::jthread([&] { in->acknowledge({}, [&](const Error*) { answered = true; }); }).join();
  EXPECT_TRUE(answered);
}

/// A writer that was stopped in the commit section.
class HeldSection {
 public:
  explicit HeldSection(const std::filesystem::path& store)
      : log_(Log::open({.directory = store})), section_(log_->lock()) {}

 private:
  std::unique_ptr<Log> log_;
  Log::Section section_;
};

class StoreHeldUp : public StoreOpenings {
 protected:
  /// What `call` does meets a section that is held by another member for longer than it waits.
  template <class Call>
  void held_up(Call&& call) {
    std::promise<void> held, done;
    std::jthread holder([&] {
      const HeldSection section(directory.store());
      held.set_value();
      done.get_future().wait();
    });
    held.get_future().wait();
    call();
    done.set_value();
  }
  Opening one{directory.store(), {{"durability", GetParam()}, {"lock_wait", "20ms"}}};
};
INSTANTIATE_TEST_SUITE_P(Process, StoreHeldUp, ::testing::Values("process"));

TEST_P(StoreHeldUp, OpensAProducerAgainWhoseEndCouldNotBeWritten) {
  for (const bool named : {true, false}) {
    auto out = one.producer(queue("a"), "p", named);
    EXPECT_FALSE(send(*out, "x", 1));
    held_up([&] {
      EXPECT_EQ(send(*out, "y", 2).value().code(), ErrorCode::unavailable);
      EXPECT_FALSE(wait([&](Completion done) { out->close(TimePoint::max(), std::move(done)); }));
      out.reset();
    });
    ASSERT_NO_THROW(out = one.producer(queue("a"), "p", named));
    EXPECT_FALSE(send(*out, "y", 2));
    out.reset();
    Opening two(directory.store(), parameters());
    EXPECT_NO_THROW(two.producer(queue("a"), "p", named)) << "its name is free for all";
  }
}

TEST_P(StoreHeldUp, ReleasesWhatAConsumerHeldWhoseEndCouldNotBeWritten) {
  CollectingSink first, second;
  auto in = one.consumer(queue("a"), "s", first, {.sharing = Sharing::exclusive});
  in->request(10);
  auto out = one.producer(queue("a"), "p");
  EXPECT_FALSE(send(*out, "x"));
  ASSERT_TRUE(first.wait_for(1));
  held_up([&] {
    EXPECT_FALSE(wait([&](Completion done) { in->close(TimePoint::max(), std::move(done)); }));
    in.reset();
  });
  one.host.run();  // and nobody calls
  Opening two(directory.store(), parameters());
  ASSERT_NO_THROW(in = two.consumer(queue("a"), "s", second, {.sharing = Sharing::exclusive}));
  in->request(10);
  ASSERT_TRUE(second.wait_for(1));
  EXPECT_EQ(second.take()[0].attempt, 2U);
}

TEST(StoreUrl, NamesWhatIsWrong) {
  const auto message = [](std::string rest, Extra parameters) {
    driver::BackendConfig config;
    config.rest = std::move(rest);
    config.url = "embedded://" + config.rest;
    config.parameters = std::move(parameters);
    ManualHost host;
    try {
      open(config, host);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message("/tmp/x", {{"colour", "red"}}), ::testing::HasSubstr("colour"));
  EXPECT_THAT(message("", {{"durability", "sync"}}), ::testing::HasSubstr("durability"));
  EXPECT_THAT(message("", {{"retention_bytes", "many"}}), ::testing::HasSubstr("many"));
  EXPECT_THAT(message("relative/path", {}), ::testing::HasSubstr("three slashes"));
  EXPECT_THAT(message("/proc/x/y", {}), ::testing::HasSubstr("/proc/x"));
  EXPECT_THAT(message("/etc/passwd", {}), ::testing::HasSubstr("/etc/passwd"));
}

}  // namespace
}  // namespace omnibus::embedded::test
