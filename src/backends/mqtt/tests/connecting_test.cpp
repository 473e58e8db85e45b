/// How a connection is made: versions, refusals, redirections, brokers in turn.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/inbox.hpp"
#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const QueueName queue = QueueName::parse("q1/tg/flow/orders");

/// CONNACKs refuse for this reason, with a server to use instead where it is given.
void refuse_for(Peer& peer, Reason reason, const std::string& server = {}) {
  peer.on_connect([reason, server = std::make_shared<const std::string>(server)](const Connect&) {
    Connack answer{.reason = reason};
    if (!server->empty()) answer.properties.server_reference = *server;
    return answer;
  });
}

std::unique_ptr<driver::Backend> open_on(const std::string& hosts, Extra parameters = {}) {
  NoHost host;
  return open(config_of(hosts, std::move(parameters)), host);
}

TEST(Connecting, ARefusalSaysWhy) {
  struct Case {
    Reason reason;
    ErrorCode code;
    bool retryable;
  };
  for (const auto& [reason, code, retryable] :
       {Case{Reason::bad_user_or_password, ErrorCode::authentication, false},
        Case{Reason::not_authorized, ErrorCode::forbidden, false},
        Case{Reason::banned, ErrorCode::forbidden, false},
        Case{Reason::client_id_not_valid, ErrorCode::config, false},
        Case{Reason::server_busy, ErrorCode::unavailable, true},
        Case{Reason::quota_exceeded, ErrorCode::no_space, true}}) {
    SCOPED_TRACE(to_string(reason));
    Peer peer;
    refuse_for(peer, reason);
    const auto error = error_from([&] { open_at(peer, {{"version", "5"}}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), code) << error->what();
    EXPECT_EQ(error->retryable(), retryable);
    EXPECT_THAT(error->what(), HasSubstr(peer.address()));
  }
}

TEST(Connecting, ABrokerThatKnowsAnOlderVersionOnlyIsSpokenToInThat) {
  Peer peer;
  peer.know_only_311();
  const auto backend = open_at(peer);
  EXPECT_FALSE(backend->features().has(driver::Feature::no_subscription_error));
  Inbox inbox(*backend, queue);
  peer.publish({.topic = "tg/flow/orders", .payload = "hello", .id = 1, .qos = 1});
  EXPECT_EQ(inbox.await(1).front().body.bytes(), "hello");
  EXPECT_TRUE(error_from([&] { open_at(peer, {{"version", "5"}}); }));
}

TEST(Connecting, ARedirectionIsFollowed) {
  for (const Reason reason : {Reason::use_another_server, Reason::server_moved}) {
    Peer first, second;
    refuse_for(first, reason, second.address());
    const auto backend = open_at(first);
    Inbox inbox(*backend, queue);
    second.publish({.topic = "tg/flow/orders", .payload = "here", .id = 1, .qos = 1});
    EXPECT_EQ(inbox.await(1).front().body.bytes(), "here");
  }
}

TEST(Connecting, ARedirectionInACircleEnds) {
  Peer first, second;
  refuse_for(first, Reason::use_another_server, second.address());
  refuse_for(second, Reason::use_another_server, first.address());
  const auto error = error_from([&] { open_at(first); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable) << error->what();
}

TEST(Connecting, ARedirectionToNowhereSaysSo) {
  Peer peer;
  refuse_for(peer, Reason::server_moved);
  const auto error = error_from([&] { open_at(peer, {{"version", "5"}}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("does not name the server"));
}

TEST(Connecting, AConnectedBusGoesWhereTheBrokerSendsIt) {
  Peer first, second;
  auto bus = connect_to(first);
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  const auto client = SubscriptionNames(queue, "readers", "omnibus-").home();
  const std::string elsewhere = second.address();
  PacketProperties properties;
  properties.server_reference = elsewhere;
  first.send_disconnect(client, Reason::use_another_server, properties);
  ASSERT_TRUE(second.wait_for(client, from_client, Type::subscribe));
  second.publish({.topic = "tg/flow/orders", .payload = "here", .id = 1, .qos = 1});
  const auto message = consumer.poll(patience);
  ASSERT_TRUE(message);
  EXPECT_EQ((*message)->bytes, "here");
}

TEST(Connecting, BrokersAreTriedInTurn) {
  Peer gone, there;
  gone.refuse();
  const auto backend = open_on(gone.address() + "," + there.address());
  Inbox inbox(*backend, queue);
  there.publish({.topic = "tg/flow/orders", .payload = "1", .id = 1, .qos = 1});
  inbox.await(1);
}

TEST(Connecting, AfterALossTheNextBrokerIsTried) {
  Peer first, second;
  auto bus = connect_with(&open, "mqtt://" + first.address() + "," + second.address(),
                          {.instance = "test", .connect_timeout = patience});
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  first.refuse();
  const auto client = SubscriptionNames(queue, "readers", "omnibus-").home();
  ASSERT_TRUE(second.wait_for(client, from_client, Type::subscribe));
  second.publish({.topic = "tg/flow/orders", .payload = "1", .id = 1, .qos = 1});
  EXPECT_TRUE(consumer.poll(patience));
}

}  // namespace
}  // namespace omnibus::mqtt
