/// How a transaction ends when the link to its coordinator breaks.

#include <gtest/gtest.h>

#include "backends/pulsar/tests/scripted.hpp"

namespace omnibus::pulsar {
namespace {

using Command = proto::BaseCommand;

std::string ended(const Frame& frame, std::optional<proto::ServerError> refused, const std::string& text) {
  Command answer;
  answer.set_type(Command::END_TXN_RESPONSE);
  answer.mutable_endtxnresponse()->set_request_id(frame.command.endtxn().request_id());
  if (refused) answer.mutable_endtxnresponse()->set_error(*refused);
  if (refused) answer.mutable_endtxnresponse()->set_message(text);
  return frame_of(answer);
}

std::string begun(const Frame& frame) {
  Command answer;
  answer.set_type(Command::NEW_TXN_RESPONSE);
  answer.mutable_newtxnresponse()->set_request_id(frame.command.newtxn().request_id());
  answer.mutable_newtxnresponse()->set_txnid_most_bits(7);
  answer.mutable_newtxnresponse()->set_txnid_least_bits(9);
  return frame_of(answer);
}

std::string greeted(const Frame& frame) {
  Command answer;
  answer.set_type(Command::TC_CLIENT_CONNECT_RESPONSE);
  answer.mutable_tcclientconnectresponse()->set_request_id(
      frame.command.tcclientconnectrequest().request_id());
  return frame_of(answer);
}

/// A coordinator that answers the n-th request to end a transaction as it is told; empty cuts the link.
class Transactions : public ::testing::Test {
 protected:
  using Answer = std::function<std::optional<std::string>(const Frame&)>;

  void start(std::vector<Answer> answers) {
    answers_ = std::move(answers);
    peer_ = std::make_unique<Peer>([this](const Frame& frame) -> std::optional<std::string> {
      switch (frame.command.type()) {
        case Command::TC_CLIENT_CONNECT_REQUEST:
          return greeted(frame);
        case Command::NEW_TXN:
          return begun(frame);
        case Command::END_TXN:
          EXPECT_EQ(frame.command.endtxn().txnid_most_bits(), 7u);
          EXPECT_EQ(frame.command.endtxn().txnid_least_bits(), 9u);
          EXPECT_EQ(frame.command.endtxn().txn_action(), proto::COMMIT);
          return answers_.at(asked_++)(frame);
        default:
          return ordinary(frame, here_);
      }
    });
    here_ = peer_->address();
    backend_ = open(config_of(here_), host_);
  }

  std::optional<Error> commit() {
    auto [error, transaction] = obtain<std::unique_ptr<driver::Transaction>>(
        [&](auto done) { backend_->begin("id", std::move(done)); });
    if (error) error->raise();
    std::promise<std::optional<Error>> done;
    transaction->commit([&](const Error* failed) {
      done.set_value(failed != nullptr ? std::optional(*failed) : std::nullopt);
    });
    return done.get_future().get();
  }

  static std::optional<std::string> cut(const Frame&) { return std::nullopt; }
  static Answer with(std::optional<proto::ServerError> refused, const std::string& text = {}) {
    return [refused, text](const Frame& frame) { return ended(frame, refused, text); };
  }

  std::string here_;
  std::vector<Answer> answers_;
  std::atomic<std::size_t> asked_ = 0;
  NoHost host_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<driver::Backend> backend_;
};

TEST_F(Transactions, EndIsAskedForAgainOverTheNextLink) {
  start({cut, cut, with(std::nullopt)});
  EXPECT_FALSE(commit());
  EXPECT_EQ(asked_, 3u);
}

TEST_F(Transactions, WhatTheCoordinatorForgotMeanwhileWasCommitted) {
  start({cut, with(proto::TransactionNotFound)});
  EXPECT_FALSE(commit());
}

TEST_F(Transactions, WhatItNeverKnewWasNot) {
  start({with(proto::TransactionNotFound)});
  EXPECT_EQ(commit()->code(), ErrorCode::not_found);
}

TEST_F(Transactions, WhatItAbortedMeanwhileWasNotCommitted) {
  start({cut, with(proto::InvalidTxnStatus,
                   "Expect Txn `(7,9)` to be in COMMITTING status but it is in ABORTED status")});
  EXPECT_EQ(commit()->code(), ErrorCode::conflict);
}

TEST_F(Transactions, WhatItIsCommittingMeanwhileIsAskedForAgain) {
  start({cut,
         with(proto::InvalidTxnStatus,
              "Expect Txn `(7,9)` to be in COMMITTING status but it is in COMMITTED status"),
         with(proto::TransactionNotFound)});
  EXPECT_FALSE(commit());
  EXPECT_EQ(asked_, 3u);
}

TEST_F(Transactions, ClosedBusLeavesTheOutcomeUnknown) {
  std::promise<void> heard;
  start({[&](const Frame&) -> std::optional<std::string> {
    heard.set_value();
    return "";
  }});
  auto closing = std::async(std::launch::async, [&] {
    heard.get_future().wait();
    backend_->close(Clock::now(), [](const Error*) {});
  });
  EXPECT_EQ(commit()->code(), ErrorCode::unknown_outcome);
}

}  // namespace
}  // namespace omnibus::pulsar
