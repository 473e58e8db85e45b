// Messages of 100 MiB, and others that go on meanwhile.
#include <thread>

#include "backends/embedded/tests/load/full_disk.hpp"
#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {
namespace {

/// Sends and receives small messages on two openings until it is told to stop.
class SmallTalk {
 public:
  SmallTalk(Opening& one, Opening& two) {
    threads_.emplace_back([this, &one](const std::stop_token& stop) { run(one, "one", stop); });
    threads_.emplace_back([this, &two](const std::stop_token& stop) { run(two, "two", stop); });
  }
  /// Waits for so many more round trips of each.
  bool wait_for(std::uint64_t more) {
    std::unique_lock lock(mutex_);
    const auto wanted_one = trips_["one"] + more, wanted_two = trips_["two"] + more;
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return trips_["one"] >= wanted_one && trips_["two"] >= wanted_two; });
  }

 private:
  void run(Opening& bus, const std::string& name, const std::stop_token& stop) {
    CollectingSink sink;
    const auto in = bus.consumer(queue(name), "s", sink);
    const auto out = bus.producer(queue(name), name);
    in->request(1);
    while (!stop.stop_requested()) {
      const auto error = send(*out, name);
      ASSERT_FALSE(error) << error->what();
      ASSERT_TRUE(sink.wait_for(1));
      ASSERT_FALSE(acknowledge(*in, {sink.take().front().ack}));
      in->request(1);
      const std::lock_guard lock(mutex_);
      ++trips_[name];
      changed_.notify_all();
    }
  }

  std::mutex mutex_;  // guards trips_
  std::condition_variable changed_;
  std::map<std::string, std::uint64_t> trips_;
  std::vector<std::jthread> threads_;
};

TEST(LargeBodies, ComeWholeWhileOthersGoOn) {
  const TemporaryDirectory directory;
  Opening one(directory.store()), two(directory.store());
  CollectingSink sink;
  const auto in = two.consumer(queue("large"), "s", sink);
  in->request(10);
  const auto out = one.producer(queue("large"), "p");
  SmallTalk talk(one, two);
  ASSERT_TRUE(talk.wait_for(10));
  std::string body(max_message_size, '.');
  for (const char kind : {'a', 'b'}) {
    for (std::size_t at = 0; at < body.size(); at += 4096) body[at] = static_cast<char>(kind + at / 4096 % 7);
    int pauses = 0;
    const SlowWrites slow([&] {
      ++pauses;
      EXPECT_TRUE(talk.wait_for(20)) << "they wait for the large one";
    });
    ASSERT_FALSE(send(*out, body));
    EXPECT_GE(pauses, 1);
    ASSERT_TRUE(sink.wait_for(1));
    const auto got = sink.take();
    ASSERT_EQ(got.size(), 1U);
    ASSERT_TRUE(got.front().body.bytes() == body);
    ASSERT_FALSE(acknowledge(*in, {got.front().ack}));
  }
  body.push_back('.');
  EXPECT_EQ(send(*out, body)->code(), ErrorCode::too_large);
  EXPECT_TRUE(talk.wait_for(10));
}

}  // namespace
}  // namespace omnibus::embedded::test
