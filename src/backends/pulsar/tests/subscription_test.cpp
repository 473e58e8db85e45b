/// What a consumer tells when its subscription went away meanwhile.

#include <gtest/gtest.h>

#include <boost/asio/read_until.hpp>
#include <condition_variable>

#include "backends/pulsar/tests/scripted.hpp"

namespace omnibus::pulsar {
namespace {

using Command = proto::BaseCommand;

/// An administration interface with one answer. Threads: one, that serves one request after the other.
class Admin {
 public:
  explicit Admin(std::string answer) : answer_(std::move(answer)), thread_([this] { serve(); }) {}
  ~Admin() {
    over_ = true;
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket waker(context);
    boost::system::error_code ignored;
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  std::string asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void serve() {
    for (;;) {
      boost::asio::ip::tcp::socket socket(context_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (over_ || error) return;
      std::string request;
      boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
      {
        const std::lock_guard lock(mutex_);
        asked_ += request.substr(0, request.find("\r\n")) + "\n";
      }
      if (!answer_.empty()) boost::asio::write(socket, boost::asio::buffer(answer_), error);
      while (answer_.empty() && !over_) std::this_thread::yield();  // silent until the end
    }
  }

  const std::string answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> over_ = false;
  std::mutex mutex_;
  std::string asked_;
  std::thread thread_;
};

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

class Watching final : public driver::Sink {
 public:
  void deliver(std::span<driver::Delivery>) noexcept override {}
  void dropped(std::uint64_t) noexcept override {}
  void recreated() noexcept override { ++anew; }
  void failed(const Error&) noexcept override { lost.set_value(); }

  std::atomic<int> anew = 0;
  std::promise<void> lost;
};

std::string succeeded(std::uint64_t request) {
  Command answer;
  answer.set_type(Command::SUCCESS);
  answer.mutable_success()->set_request_id(request);
  return frame_of(answer);
}

std::string closing(std::uint64_t consumer) {
  Command command;
  command.set_type(Command::CLOSE_CONSUMER);
  command.mutable_close_consumer()->set_consumer_id(consumer);
  command.mutable_close_consumer()->set_request_id(0);
  return frame_of(command);
}

/// A consumer whose broker closes it at its first permits, then another in its place: what that one tells.
int told_anew(const std::string& answer, std::string* asked = nullptr) {
  Admin admin(answer);
  std::string here;
  std::atomic<bool> once = false;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    switch (frame.command.type()) {
      case Command::SUBSCRIBE:
        return succeeded(frame.command.subscribe().request_id());
      case Command::FLOW:
        return once.exchange(true) ? "" : closing(frame.command.flow().consumer_id());
      case Command::CLOSE_CONSUMER:
        return succeeded(frame.command.close_consumer().request_id());
      default:
        return ordinary(frame, here);
    }
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here, {{"admin", admin.url()}}), host);
  const driver::ConsumerConfig config{
      .queue = QueueName::parse("q1/a/b/c"), .subscription = "r/s", .options = {}};
  const auto subscribe = [&](Watching& sink) {
    auto [error, consumer] = obtain<std::unique_ptr<driver::Consumer>>(
        [&](auto done) { backend->create_consumer(config, sink, std::move(done)); });
    if (error) error->raise();
    consumer->request(1);
    return std::move(consumer);
  };
  const auto close = [](driver::Consumer& consumer) {
    std::promise<void> closed;
    consumer.close(deadline_after(20s), [&](const Error*) { closed.set_value(); });
    closed.get_future().wait();
  };
  Watching first, second;
  const auto lost = subscribe(first);
  first.lost.get_future().wait();
  close(*lost);
  EXPECT_EQ(first.anew, 0);
  EXPECT_EQ(admin.asked(), "") << "nothing was lost so far";
  close(*subscribe(second));
  if (asked != nullptr) *asked = admin.asked();
  return second.anew;
}

TEST(Recreated, IsToldWhenTheSubscriptionIsNoLongerListed) {
  std::string asked;
  EXPECT_EQ(told_anew(http(200, R"(["other"])"), &asked), 1);
  EXPECT_EQ(asked, "GET /admin/v2/persistent/a/b/c/subscriptions HTTP/1.1\n");
}

TEST(Recreated, IsToldWhenTheTopicIsGone) { EXPECT_EQ(told_anew(http(404, "")), 1); }

TEST(Recreated, IsNotToldWhenItIsThere) { EXPECT_EQ(told_anew(http(200, R"(["other","r%2Fs"])")), 0); }

TEST(Statistics, AreToldOfTheEndWhileNobodyAnswers) {
  Peer peer([](const Frame& frame) -> std::optional<std::string> { return ordinary(frame, {}); });
  Admin admin("");
  NoHost host;
  auto backend = open(config_of(peer.address(), {{"admin", admin.url()}}), host);
  std::promise<ErrorCode> ended;
  backend->statistics(QueueName::parse("q1/a/b/c"), [&](const Error* error, driver::QueueStatistics) {
    ended.set_value(error != nullptr ? error->code() : ErrorCode::internal);
  });
  while (admin.asked().empty()) std::this_thread::yield();
  backend.reset();
  EXPECT_EQ(ended.get_future().get(), ErrorCode::closed);
}

TEST(Recreated, IsNotToldWhenNobodyKnows) {
  EXPECT_EQ(told_anew(http(500, "")), 0);
  EXPECT_EQ(told_anew(http(200, "{}")), 0);
  EXPECT_EQ(told_anew("nonsense\r\n\r\n"), 0);
}

}  // namespace
}  // namespace omnibus::pulsar
