/// The backend against brokers that follow a script.

#include <gtest/gtest.h>

#include "backends/pulsar/tests/scripted.hpp"

namespace omnibus::pulsar {

namespace {

TEST(Session, BadTokenIsAnAuthenticationErrorThatDoesNotTellIt) {
  Peer peer([](const Frame& frame) -> std::optional<std::string> {
    EXPECT_EQ(frame.command.connect().auth_method_name(), "token");
    EXPECT_EQ(frame.command.connect().auth_data(), "s3cret");
    return refused(~0ull, proto::AuthenticationError, "Unable to authenticate");
  });
  NoHost host;
  try {
    open(config_of(peer.address(), {{"token", "s3cret"}}), host);
    FAIL() << "it connected";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::authentication);
    EXPECT_FALSE(error.retryable());
    EXPECT_EQ(error.native(), "AuthenticationError");
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
  }
}

TEST(Session, WhatIsNoBrokerIsUnavailable) {
  Peer peer([](const Frame&) -> std::optional<std::string> { return "HTTP/1.1 400 Bad Request\r\n\r\n"; });
  NoHost host;
  try {
    open(config_of(peer.address()), host);
    FAIL() << "it connected";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_NE(std::string(error.what()).find("port of a Pulsar broker"), std::string::npos) << error.what();
  }
}

TEST(Session, TriesTheNextBrokerOfTheUrl) {
  Peer peer([](const Frame& frame) -> std::optional<std::string> { return ordinary(frame, {}); });
  NoHost host;
  EXPECT_NE(open(config_of("127.0.0.1:1," + peer.address()), host), nullptr);
}

TEST(Session, FollowsARedirectAndSendsThere) {
  std::string there;
  std::atomic<int> sends = 0;
  Peer second([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::SEND) return ordinary(frame, there);
    ++sends;
    return receipt(frame.command.send());
  });
  there = second.address();
  Peer first([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::LOOKUP) return ordinary(frame, {});
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::LOOKUP_RESPONSE);
    auto* lookup = answer.mutable_lookuptopicresponse();
    lookup->set_request_id(frame.command.lookuptopic().request_id());
    lookup->set_response(proto::CommandLookupTopicResponse::Redirect);
    lookup->set_authoritative(true);
    lookup->set_brokerserviceurl("pulsar://" + there);
    return frame_of(answer);
  });
  NoHost host;
  const auto backend = open(config_of(first.address()), host);
  const auto producer = producer_of(*backend);
  for (const auto& [number, error] : send(*producer, 3)) EXPECT_FALSE(error);
  EXPECT_EQ(sends, 3);
  close(*producer);
}

TEST(Session, MorePartitionsThanFitAreRefused) {
  Peer peer([](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::PARTITIONED_METADATA) return ordinary(frame, {});
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::PARTITIONED_METADATA_RESPONSE);
    answer.mutable_partitionmetadataresponse()->set_request_id(
        frame.command.partitionmetadata().request_id());
    answer.mutable_partitionmetadataresponse()->set_partitions(4'000'000'000u);
    return frame_of(answer);
  });
  NoHost host;
  const auto backend = open(config_of(peer.address()), host);
  try {
    producer_of(*backend);
    FAIL() << "it was opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
  }
}

TEST(Session, RedirectsWithoutEndAreGivenUp) {
  std::string here;
  std::atomic<int> lookups = 0;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::LOOKUP) return ordinary(frame, here);
    ++lookups;
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::LOOKUP_RESPONSE);
    auto* lookup = answer.mutable_lookuptopicresponse();
    lookup->set_request_id(frame.command.lookuptopic().request_id());
    lookup->set_response(proto::CommandLookupTopicResponse::Redirect);
    lookup->set_brokerserviceurl("pulsar://" + here);
    return frame_of(answer);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  EXPECT_THROW(producer_of(*backend), ProtocolError);
  EXPECT_LE(lookups, 21);
}

TEST(Session, FencedProducerIsAConflictForGood) {
  std::string here;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::SEND) return ordinary(frame, here);
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::SEND_ERROR);
    answer.mutable_send_error()->set_producer_id(frame.command.send().producer_id());
    answer.mutable_send_error()->set_sequence_id(frame.command.send().sequence_id());
    answer.mutable_send_error()->set_error(proto::ProducerFenced);
    answer.mutable_send_error()->set_message("fenced");
    return frame_of(answer);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  const auto producer = producer_of(*backend);
  EXPECT_EQ(send(*producer, 1).front().second, ErrorCode::conflict);
  close(*producer);
}

TEST(Session, WhatIsBeingOpenedIsToldOfTheEnd) {
  std::promise<void> asked;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() == proto::BaseCommand::CONNECT) return connected();
    asked.set_value();
    return "";  // no answer ever
  });
  NoHost host;
  auto backend = open(config_of(peer.address()), host);
  std::promise<ErrorCode> ended;
  backend->create_producer({.queue = QueueName::parse("q1/a/b/c"), .name = "p", .extra = {}},
                           [&](const Error* error, std::unique_ptr<driver::Producer>) {
                             ended.set_value(error != nullptr ? error->code() : ErrorCode::internal);
                           });
  asked.get_future().wait();
  backend.reset();
  EXPECT_EQ(ended.get_future().get(), ErrorCode::closed);
}

TEST(Session, LostLinkFailsAllThatIsUnconfirmedInOrder) {
  std::string here;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::SEND) return ordinary(frame, here);
    if (frame.command.send().sequence_id() == 3) return std::nullopt;
    return receipt(frame.command.send());
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  const auto producer = producer_of(*backend);
  const auto ended = send(*producer, 5);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(ended[i].first, i + 1);
    EXPECT_EQ(ended[i].second, i < 2 ? std::nullopt : std::optional(ErrorCode::unavailable));
  }
  EXPECT_EQ(send(*producer, 1).front().second, ErrorCode::unavailable) << "a lost producer stays lost";
  close(*producer);
  const auto again = producer_of(*backend);  // over a new connection
  EXPECT_FALSE(send(*again, 1).front().second);
  close(*again);
}

TEST(Session, RefusedMessageFailsAlone) {
  std::string here;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() != proto::BaseCommand::SEND) return ordinary(frame, here);
    const auto& sent = frame.command.send();
    if (sent.sequence_id() != 2) return receipt(sent);
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::SEND_ERROR);
    answer.mutable_send_error()->set_producer_id(sent.producer_id());
    answer.mutable_send_error()->set_sequence_id(2);
    answer.mutable_send_error()->set_error(proto::ProducerBlockedQuotaExceededError);
    answer.mutable_send_error()->set_message("quota");
    return frame_of(answer);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  const auto producer = producer_of(*backend);
  const auto ended = send(*producer, 3);
  EXPECT_FALSE(ended[0].second);
  EXPECT_EQ(ended[1].second, ErrorCode::no_space);
  EXPECT_FALSE(ended[2].second);
  close(*producer);
}

TEST(Session, NameInUseIsAConflictUnlessItIsOurOwnPast) {
  std::string here;
  std::atomic<bool> busy = true;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() == proto::BaseCommand::SEND) return std::nullopt;
    if (frame.command.type() == proto::BaseCommand::PRODUCER && busy) {
      return refused(frame.command.producer().request_id(), proto::ProducerBusy, "already connected");
    }
    return ordinary(frame, here);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here), host);
  try {
    producer_of(*backend);
    FAIL() << "the name was free";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
  }
  busy = false;
  const auto producer = producer_of(*backend);
  EXPECT_EQ(send(*producer, 1).front().second, ErrorCode::unavailable);
  close(*producer);
  busy = true;
  try {
    producer_of(*backend);
    FAIL() << "the name was free";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable) << "the broker has not seen the end of the lost link";
    EXPECT_TRUE(error.retryable());
  }
}

TEST(Session, AnswersPings) {
  std::promise<void> ponged;
  std::atomic<bool> once = false;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() == proto::BaseCommand::PONG && !once.exchange(true)) ponged.set_value();
    if (frame.command.type() != proto::BaseCommand::CONNECT) return "";
    proto::BaseCommand ping;
    ping.set_type(proto::BaseCommand::PING);
    ping.mutable_ping();
    return connected() + frame_of(ping);
  });
  NoHost host;
  const auto backend = open(config_of(peer.address()), host);
  EXPECT_EQ(ponged.get_future().wait_for(20s), std::future_status::ready);
}

}  // namespace
}  // namespace omnibus::pulsar
