// Messages that a checkpoint names and whose frame is damaged: found when they would be handed out.
#include <fstream>

#include <omnibus/log.hpp>
#include <omnibus/store.hpp>

#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {
namespace {

class LostMessage : public ::testing::Test {
 protected:
  /// Three messages of one key for `s`; then the second one is damaged, in a store that is closed.
  LostMessage() {
    {
      Opening bus(directory.store());
      CollectingSink sink;
      auto in = bus.consumer(queue("a"), "s", sink, ordered());
      auto out = bus.producer(queue("a"), "p");
      for (const auto* text : {"first", "second", "third"}) {
        driver::Outgoing message;
        message.payload = text;
        message.key = "key";
        EXPECT_FALSE(wait([&](Completion done) {
          driver::SendRequest request{&message, std::move(done)};
          out->send({&request, 1});
        }));
      }
    }
    damage("second");
  }

  static ConsumerOptions ordered() {
    ConsumerOptions options{.position = Position::earliest};
    options.ordered_keys = true;
    return options;
  }

  void damage(const std::string& text) const {
    const auto segment = directory.store() / "log" / "0000000000000001.seg";
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    const auto at = bytes.find(text);
    ASSERT_NE(at, std::string::npos);
    file.seekp(static_cast<std::streamoff>(at)).put('X');
  }

  TemporaryDirectory directory;
};

TEST_F(LostMessage, IsSettledAndReportedAndTheNextOfItsKeyComes) {
  std::mutex mutex;
  std::string reported;
  log::set_handler([&](log::Level level, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (level >= log::Level::warning) reported += line;
  });
  {
    Opening bus(directory.store());
    CollectingSink sink;
    auto in = bus.consumer(queue("a"), "s", sink, ordered());
    in->request(10);
    for (const auto* text : {"first", "third"}) {
      ASSERT_TRUE(sink.wait_for(1));
      const auto got = sink.take();
      ASSERT_EQ(got.size(), 1U);
      EXPECT_EQ(got[0].body.bytes(), text);
      ASSERT_FALSE(acknowledge(*in, {got[0].ack}));
    }
    EXPECT_EQ(bus.statistics(queue("a")).subscriptions.at("s").backlog, 0U);
  }
  log::set_handler({});
  EXPECT_THAT(reported, ::testing::HasSubstr("message 2 of tg/flow/a is damaged and lost"));
}

TEST_F(LostMessage, IsMissingForASubscriptionThatStartsAtTheBeginning) {
  Opening bus(directory.store());
  CollectingSink sink;
  auto in = bus.consumer(queue("a"), "new", sink);
  in->request(10);
  ASSERT_TRUE(sink.wait_for(2));
  EXPECT_EQ(sink.take_payloads(), (std::vector<std::string>{"first", "third"}));
  EXPECT_EQ(bus.statistics(queue("a")).subscriptions.at("new").backlog, 2U);
}

}  // namespace
}  // namespace omnibus::embedded::test
