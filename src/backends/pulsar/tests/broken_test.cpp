/// Brokers that do half of what they are asked, or nothing.

#include <gtest/gtest.h>

#include "backends/pulsar/subscription_link.hpp"
#include "backends/pulsar/tests/scripted.hpp"
#include "backends/pulsar/topic_producer.hpp"

namespace omnibus::pulsar {
namespace {

using Command = proto::BaseCommand;

TEST(Broken, ProducerThatFailsForAWhileLeavesItsNameFree) {
  std::string here;
  std::atomic<bool> held = false, failing = true;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    const auto type = frame.command.type();
    if (type == Command::PRODUCER && held.exchange(true)) {
      return refused(frame.command.producer().request_id(), proto::ProducerBusy, "already connected");
    }
    if (type == Command::CLOSE_PRODUCER) held = false;
    if (type != Command::SEND) return ordinary(frame, here);
    if (!failing.exchange(false)) return receipt(frame.command.send());
    Command answer;
    answer.set_type(Command::SEND_ERROR);
    answer.mutable_send_error()->set_producer_id(frame.command.send().producer_id());
    answer.mutable_send_error()->set_sequence_id(frame.command.send().sequence_id());
    answer.mutable_send_error()->set_error(proto::PersistenceError);
    answer.mutable_send_error()->set_message("no bookie");
    return frame_of(answer);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  const auto producer = producer_of(*backend);
  EXPECT_EQ(send(*producer, 1).front().second, ErrorCode::unavailable);
  close(*producer);
  const auto again = producer_of(*backend);  // over the same connection
  EXPECT_FALSE(send(*again, 1).front().second);
  close(*again);
}

/// A session whose patience is short, against a broker that leaves `unanswered` without an answer.
class Impatient : public ::testing::Test {
 protected:
  void start(Command::Type unanswered, Duration answer_time, Duration alive_interval) {
    peer_ = std::make_unique<Peer>([this, unanswered](const Frame& frame) -> std::optional<std::string> {
      const auto type = frame.command.type();
      if (type == unanswered) return "";
      if (type == Command::CLOSE_PRODUCER) closed_.set_value(frame.command.close_producer().producer_id());
      if (type == Command::CLOSE_CONSUMER) closed_.set_value(frame.command.close_consumer().consumer_id());
      return ordinary(frame, here_);
    });
    here_ = peer_->address();
    auto parameters = parse_parameters(config_of(here_));
    parameters.answer_time = answer_time;
    parameters.alive_interval = alive_interval;
    session_ = std::make_shared<Session>(loop_, std::move(parameters));
  }
  void TearDown() override {
    loop_->post([this] { session_->close(); });
    std::promise<void> over;
    loop_->post([&] { over.set_value(); });
    over.get_future().wait();
    loop_->stop();
  }

  template <class T>
  std::optional<Error> error_of(std::function<void(driver::Result<T>)> start) {
    return obtain<T>([&](driver::Result<T> done) {
             loop_->post([start, done = std::move(done)]() mutable { start(std::move(done)); });
           })
        .first;
  }

  std::string here_;
  std::promise<std::uint64_t> closed_;  ///< what the broker was told to close
  std::unique_ptr<Peer> peer_;
  std::shared_ptr<wire::Loop> loop_ = std::make_shared<wire::Loop>();
  std::shared_ptr<Session> session_;
};

TEST_F(Impatient, ProducerThatIsNotMadeInTimeIsClosed) {
  start(Command::PRODUCER, 20ms, 1h);
  const auto error = error_of<std::shared_ptr<TopicProducer>>([this](auto done) {
    TopicProducer::open(session_, {.topic = "persistent://a/b/c", .name = "p"}, std::move(done));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::timeout);
  EXPECT_TRUE(error->retryable());
  EXPECT_GT(closed_.get_future().get(), 0u) << "it may be made later, and would hold the name";
}

class Deaf final : public ConsumerEvents {
 public:
  void on_message(const proto::CommandMessage&, const Frame::Message&) override {}
  void on_lost(const Error&) override {}
};

TEST_F(Impatient, ConsumerThatIsNotMadeInTimeIsClosed) {
  start(Command::SUBSCRIBE, 20ms, 1h);
  const auto error = error_of<SubscriptionLink>([this](auto done) {
    SubscriptionLink::open(session_, {.topic = "persistent://a/b/c", .subscription = "s"},
                           std::make_shared<Deaf>(), std::move(done));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::timeout);
  EXPECT_GT(closed_.get_future().get(), 0u) << "it may be made later, and would take messages";
}

TEST_F(Impatient, SilentBrokerIsLost) {
  start(Command::LOOKUP, 1h, 20ms);
  const auto error = error_of<std::shared_ptr<Connection>>(
      [this](auto done) { session_->lookup("persistent://a/b/c", std::move(done)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
  EXPECT_NE(std::string(error->what()).find("silent"), std::string::npos) << error->what();
}

/// Notes what it got last.
class OneMessage final : public driver::Sink {
 public:
  void deliver(std::span<driver::Delivery> batch) noexcept override { got.set_value(batch.front().ack); }
  void dropped(std::uint64_t) noexcept override {}
  void failed(const Error&) noexcept override { lost.set_value(); }

  std::promise<driver::AckId> got;
  std::promise<void> lost;
};

/// A broker that answers an acknowledgement with the end of the consumer has not heard of it: brokers leave
/// unanswered what comes for a consumer that is gone.
TEST(Broken, AcknowledgementToAConsumerThatIsClosedMeanwhileFailsAtOnce) {
  std::string here;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    Command answer;
    switch (frame.command.type()) {
      case Command::SUBSCRIBE:
        answer.set_type(Command::SUCCESS);
        answer.mutable_success()->set_request_id(frame.command.subscribe().request_id());
        return frame_of(answer);
      case Command::FLOW: {
        answer.set_type(Command::MESSAGE);
        answer.mutable_message()->set_consumer_id(frame.command.flow().consumer_id());
        answer.mutable_message()->mutable_message_id()->set_ledgerid(1);
        answer.mutable_message()->mutable_message_id()->set_entryid(1);
        proto::MessageMetadata metadata;
        metadata.set_producer_name("p");
        metadata.set_sequence_id(1);
        metadata.set_publish_time(1);
        std::string out;
        append_message(out, answer, metadata, "payload");
        return out;
      }
      case Command::ACK:
        answer.set_type(Command::CLOSE_CONSUMER);
        answer.mutable_close_consumer()->set_consumer_id(frame.command.ack().consumer_id());
        answer.mutable_close_consumer()->set_request_id(0);
        return frame_of(answer);
      case Command::CLOSE_CONSUMER:
        answer.set_type(Command::SUCCESS);
        answer.mutable_success()->set_request_id(frame.command.close_consumer().request_id());
        return frame_of(answer);
      default:
        return ordinary(frame, here);
    }
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  OneMessage sink;
  auto [error, consumer] = obtain<std::unique_ptr<driver::Consumer>>([&](auto done) {
    backend->create_consumer({.queue = QueueName::parse("q1/a/b/c"), .subscription = "s", .options = {}},
                             sink, std::move(done));
  });
  ASSERT_FALSE(error);
  consumer->request(1);
  const auto message = sink.got.get_future().get();
  auto settled = std::make_shared<std::promise<ErrorCode>>();
  auto outcome = settled->get_future();
  consumer->acknowledge({&message, 1}, [settled](const Error* failed) {
    settled->set_value(failed != nullptr ? failed->code() : ErrorCode::internal);
  });
  sink.lost.get_future().wait();
  ASSERT_EQ(outcome.wait_for(20s), std::future_status::ready) << "less than a request may take";
  EXPECT_EQ(outcome.get(), ErrorCode::unavailable);
  std::promise<void> closed;
  consumer->close(deadline_after(20s), [&](const Error*) { closed.set_value(); });
  closed.get_future().wait();
}

}  // namespace
}  // namespace omnibus::pulsar
