#include "services/rpc/server.hpp"

#include <gtest/gtest.h>

#include <omnibus/catalogue/library.hpp>
#include <omnibus/omnibus.hpp>

#include "services/rpc/flags.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::rpc {
namespace {

using namespace std::chrono_literals;
using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;

class RpcServer : public testing::Test {
 protected:
  using Server = rpc::Server<LibrarianRequest, LibrarianResponse>;

  void start(Server::Handler handler) {
    server_.emplace(
        bus_,
        ServerSettings{
            .id = "test", .name = "librarian", .request = topic("asks"), .response = topic("answers")},
        std::move(handler), [](std::string_view reason) {
          LibrarianResponse refusal;
          refusal.error = catalogue::Error{"refused", std::string(reason)};
          return refusal;
        });
    server_->start();
  }
  void ask(const Properties& properties) { requests_.send({.operation = "x"}, {.properties = properties}); }
  Message<LibrarianResponse> answer() {
    auto message = answers_.receive(30s);
    answers_.acknowledge(message);
    return message;
  }

  Bus bus_ = connect("embedded://");
  omnibus::Consumer<LibrarianResponse> answers_ =
      bus_.create_consumer<LibrarianResponse>(topic("answers"), "test");
  omnibus::Producer<LibrarianRequest> requests_ = bus_.create_producer<LibrarianRequest>(topic("asks"));
  std::optional<Server> server_;
};

TEST_F(RpcServer, AnswersWithTheIdOfTheRequest) {
  start([](const auto& message, const auto& reply) {
    LibrarianResponse response;
    response.content = message->operation;
    reply.send(response);
  });
  ask({{"id", "r1"}});
  const auto first = answer();
  EXPECT_EQ(first.properties().value_or("id", ""), "r1");
  EXPECT_EQ(first->content, Bytes("x"));
  ask({});
  EXPECT_EQ(answer().properties().value_or("id", ""), "unknown");
}

TEST_F(RpcServer, GivesARequestItsIdentityInEveryDelivery) {
  std::vector<std::string> seen;
  start([&](const auto& message, const auto& reply) {
    seen.push_back(identity(message));
    if (seen.size() == 1) throw Error(ErrorCode::io, "not now");
    reply.send({});
  });
  ask({{"id", "r1"}});
  answer();
  ask({{"id", "r1"}});
  answer();
  ask({});
  answer();
  server_->stop(10s);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_NE(seen[0], seen[2]) << "two requests that chose the same id";
  EXPECT_EQ(seen[3], "");
}

TEST_F(RpcServer, TellsThatAnAnswerCannotBeSent) {
  start([](const auto&, const auto& reply) {
    LibrarianResponse response;
    response.content = "\xff";
    reply.send(response);
  });
  ask({{"id", "r1"}});
  const auto message = answer();
  ASSERT_TRUE(message->error);
  EXPECT_EQ(message->error->type, "refused");
  EXPECT_NE(message->error->message.find("UTF-8"), std::string::npos) << message->error->message;
}

TEST(RpcFlags, NameQueuesAndRefuseNoConcurrency) {
  const auto flags =
      queue_flags(Flags().integer("most", "", 2), "librarian", "q1/tg/request/a", "q1/tg/response/a");
  const auto parse = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--pubsub-url", "embedded://"});
    return server_settings(Settings::parse({.program = "p", .summary = "", .id = "p"}, arguments, flags), "p",
                           "librarian", "most");
  };
  const auto settings = parse({"--librarian-response-queue", "q0/t/n/x"});
  EXPECT_EQ(settings.request.str(), "q1/tg/request/a");
  EXPECT_EQ(settings.response.str(), "q0/t/n/x");
  EXPECT_EQ(settings.concurrency, 2);
  EXPECT_THROW(parse({"--most", "0"}), ConfigError);
  EXPECT_THROW(parse({"--librarian-request-queue", "x"}), ConfigError);
}

}  // namespace
}  // namespace omnibus::rpc
