/// What becomes of messages and of those who wait when the link is lost, and when a handle ends meanwhile.

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/bus.hpp>
#include <omnibus/log.hpp>
#include <omnibus/raw.hpp>

#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const QueueName queue = topic("in");
const std::string dead_queue = "q1/tg/flow/in--s--dead";

/// Success is `nullopt`.
template <class F>
std::optional<ErrorCode> code_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

class LossTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  Producer<Raw> producer = bus.create_producer<Raw>(queue);

  Consumer<Raw> consumer(ConsumerOptions options = {}) {
    return bus.create_consumer<Raw>(queue, "s", std::move(options));
  }
};

TEST_F(LossTest, ReconnectsThoughEveryPoolThreadWaitsForTheLink) {
  auto narrow = broker->connect({.max_handler_threads = 1});
  auto out = narrow.create_producer<Raw>(topic("out"));
  auto in = narrow.create_consumer<Raw>(queue, "s");
  std::optional<ErrorCode> sent, received;
  for (auto* code : {&sent, &received}) {
    broker->cut();
    std::latch waiting(1), done(1);
    narrow.post([&] {
      waiting.count_down();
      *code = code_of([&] { code == &sent ? out.send({"x"}) : static_cast<void>(in.receive(10s)); });
      done.count_down();
    });
    waiting.wait();
    broker->restore();
    if (code == &received) producer.send({"y"});
    done.wait();
  }
  EXPECT_EQ(sent, std::nullopt);
  EXPECT_EQ(received, std::nullopt);
}

}  // namespace
}  // namespace omnibus
