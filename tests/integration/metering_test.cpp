// The metering service as a process.

#include <signal.h>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <omnibus/catalogue/llm.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::TextCompletionResponse;

std::string free_port() {
  boost::asio::io_context io;
  const boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return std::to_string(acceptor.local_endpoint().port());
}

class MeteringProcess : public testing::Test {
 protected:
  void SetUp() override {
    system_.start("config-svc");
    system_.start("gateway");
    expect_success(system_.config(
        {{"operation", "put"},
         {"values",
          {{{"type", "token-cost"}, {"key", "m"}, {"value", R"({"input_price": 0.5, "output_price": 2})"}},
           {{"type", "active-flow"},
            {"key", "metering"},
            {"value", R"({"f1": {"input": "q1/tg/flow/answers"}})"}}}}}));
    start();
  }
  void start() {
    metrics_ = free_port();
    system_.start("metering", {"--metrics", "--metrics-port", metrics_});
    system_.await_consumer("metering", queue_, subscription_);
  }
  void send(std::size_t count) {
    auto producer = system_.bus().create_producer<TextCompletionResponse>(queue_);
    for (std::size_t i = 0; i < count; ++i) {
      producer.send_async(
          {.response = "", .in_token = 4, .out_token = 1, .model = "m", .end_of_stream = true}, {},
          [](const Error* error) { EXPECT_EQ(error, nullptr); });
    }
    producer.flush();
  }
  std::uint64_t backlog() { return system_.backlog(queue_, subscription_); }
  /// The value of a series; empty when it is not there.
  std::string value(const std::string& series) const {
    const auto page = "\n" + get(metrics_, "/metrics");
    const auto at = page.find("\n" + series + " ");
    if (at == std::string::npos) return {};
    const auto begin = at + series.size() + 2;
    return page.substr(begin, page.find('\n', begin) - begin);
  }

  System system_;
  std::string metrics_;
  const QueueName queue_ = topic("answers");
  const std::string subscription_ = "metering--f1--input";
};

TEST_F(MeteringProcess, ShowsTokensAndCost) {
  send(10);
  EXPECT_TRUE(eventually([&] { return backlog() == 0; }));
  EXPECT_EQ(value(R"(tokens_total{direction="input",model="m"})"), "40");
  EXPECT_EQ(value(R"(cost_total{direction="input",model="m"})"), "20");
  EXPECT_EQ(value(R"(cost_total{direction="output",model="m"})"), "20");
  auto& process = system_.process("metering");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
}

TEST_F(MeteringProcess, CountsAfterAKillWhatItHadNotCounted) {
  constexpr std::size_t messages = 5000;
  send(messages);
  ASSERT_TRUE(eventually([&] { return backlog() < messages; }));
  system_.kill("metering");
  send(10);
  const auto left = backlog();
  start();
  EXPECT_TRUE(eventually([&] { return backlog() == 0; }));
  EXPECT_EQ(value(R"(tokens_total{direction="output",model="m"})"), std::to_string(left));
}

}  // namespace
}  // namespace omnibus::integration
