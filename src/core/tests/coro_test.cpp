#include <omnibus/coro.hpp>

#include <future>
#include <latch>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <omnibus/raw.hpp>

#include "core/tests/fake_backend.hpp"

namespace omnibus {
namespace {

using boost::asio::awaitable;

const QueueName queue = topic("coro");

class CoroutineTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  Consumer<Raw> consumer = bus.create_consumer<Raw>(queue, "s");
  Producer<Raw> producer = bus.create_producer<Raw>(queue);
  boost::asio::io_context context;
};

awaitable<std::string> round_trip(Producer<Raw>& out, Consumer<Raw>& in) {
  const Raw value{"through a coroutine"};
  co_await async_send(out, value);
  const auto message = co_await async_receive(in);
  co_await async_acknowledge(in, message);
  co_return message->bytes;
}

TEST_F(CoroutineTest, SendsReceivesAndAcknowledges) {
  auto result = boost::asio::co_spawn(context, round_trip(producer, consumer), boost::asio::use_future);
  context.run();
  EXPECT_EQ(result.get(), "through a coroutine");
  EXPECT_EQ(broker->backlog(queue.str(), "s"), 0u);
}

awaitable<ErrorCode> receive_until_closed(Consumer<Raw>& in) {
  try {
    co_await async_receive(in);
  } catch (const ClosedError& error) {
    co_return error.code();
  }
  co_return ErrorCode::internal;
}

TEST_F(CoroutineTest, CloseThrowsWhereItWaits) {
  auto result = boost::asio::co_spawn(context, receive_until_closed(consumer), boost::asio::use_future);
  boost::asio::post(context, [&] { consumer.close(); });
  context.run();
  EXPECT_EQ(result.get(), ErrorCode::closed);
}

awaitable<ErrorCode> send_to_a_closed_one(Producer<Raw>& out) {
  const Raw value{"x"};
  try {
    co_await async_send(out, value);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return ErrorCode::internal;
}

TEST_F(CoroutineTest, ARefusedSendThrowsWhereItWaits) {
  producer.close();
  auto result = boost::asio::co_spawn(context, send_to_a_closed_one(producer), boost::asio::use_future);
  context.run();
  EXPECT_EQ(result.get(), ErrorCode::closed);
}

awaitable<void> wait_a_moment(const Message<Raw>& message, const framework::Context& where) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
  if (message->bytes == "bad") throw std::runtime_error("refused by " + where.id);
}

awaitable<void> wait_for_stop(const Message<Raw>&, const framework::Context&) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
}

std::string outcome_of(const framework::AsyncHandler<Raw>& handler, std::string bytes,
                       std::stop_source stop = {}) {
  const Message<Raw> message({std::move(bytes)}, {});
  std::promise<std::string> outcome;
  handler(message, {.id = "tester", .flow = "None", .name = "input", .stop = stop.get_token()},
          [&](std::exception_ptr failure) {
            try {
              if (failure) std::rethrow_exception(failure);
              outcome.set_value("done");
            } catch (const std::exception& error) {
              outcome.set_value(error.what());
            }
          });
  stop.request_stop();
  return outcome.get_future().get();
}

TEST(CoroutineHandler, ReportsReturnAndException) {
  const auto handler = framework::coroutine_handler<Raw>(wait_a_moment);
  std::stop_source never(std::nostopstate);
  EXPECT_EQ(outcome_of(handler, "good", never), "done");
  EXPECT_EQ(outcome_of(handler, "bad", never), "refused by tester");
}

TEST(CoroutineHandler, AStopCancelsWhatItWaitsFor) {
  const auto handler = framework::coroutine_handler<Raw>(wait_for_stop);
  EXPECT_NE(outcome_of(handler, "x"), "done");
}

}  // namespace
}  // namespace omnibus
