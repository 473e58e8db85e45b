#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "services/gateway/server/server.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"

namespace omnibus::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WebSocketServer : public testing::Test {
 protected:
  static ServerOptions options() {
    ServerOptions result;
    result.address = "127.0.0.1";
    result.port = 0;
    return result;
  }
  void start(ServerOptions with = options()) {
    server_ = std::make_unique<Server>(std::move(with), handler_);
    server_->start();
  }
  bool empties() {
    const auto until = deadline_after(seconds(20));
    while (server_->connections() > 0 && Clock::now() < until) std::this_thread::yield();
    return server_->connections() == 0;
  }

  FakeHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(WebSocketServer, AnswersInAnyOrder) {
  start();
  WebSocketClient client(server_->port());
  client.send("one");
  client.send("two");
  auto one = handler_.next();
  auto two = handler_.next();
  EXPECT_EQ(one.call.body, "one");
  two.reply({.body = "2"});
  EXPECT_EQ(client.read(), "2");
  one.reply({.body = "1a", .complete = false});
  one.reply({.body = "1b"});
  EXPECT_EQ(client.read(), "1a");
  EXPECT_EQ(client.read(), "1b");
}

TEST_F(WebSocketServer, TakesBinaryMessagesAndLargeOnes) {
  start();
  WebSocketClient client(server_->port());
  client.stream().binary(true);
  const std::string large(5u << 20, 'x');
  client.send(large);
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, large);
  seen.reply({.body = large});
  EXPECT_EQ(client.read(), large);
  EXPECT_TRUE(client.stream().got_text());
}

TEST_F(WebSocketServer, StopsReadingAtTheOutstandingLimit) {
  auto with = options();
  with.outstanding = 2;
  start(with);
  WebSocketClient client(server_->port());
  for (const char* text : {"1", "2", "3"}) client.send(text);
  auto one = handler_.next();
  auto two = handler_.next();
  one.reply({.body = "a", .complete = false});
  EXPECT_EQ(client.read(), "a");
  EXPECT_EQ(handler_.waiting(), 0u);
  one.reply({.body = "b"});
  EXPECT_EQ(handler_.next().call.body, "3");
}

TEST_F(WebSocketServer, LargeMessagesWaitForMemory) {
  auto with = options();
  with.body_memory = 3u << 20;
  start(with);
  WebSocketClient one(server_->port());
  WebSocketClient two(server_->port());
  one.send(std::string(2u << 20, 'a'));
  auto first = handler_.next();
  two.send(std::string(2u << 20, 'b'));
  EXPECT_EQ(handler_.waiting(), 0u);
  first.reply({.body = "done"});
  first = {};
  EXPECT_EQ(handler_.next().call.body.front(), 'b');
}

TEST_F(WebSocketServer, ClosesOnAMessageOverTheLimit) {
  auto with = options();
  with.frame_limit = 100;
  start(with);
  WebSocketClient client(server_->port());
  client.send(std::string(101, 'x'));
  EXPECT_EQ(client.read_close(), 1009u);
  EXPECT_TRUE(empties());
}

TEST_F(WebSocketServer, ClosesOnTextThatIsNotUtf8) {
  start();
  WebSocketClient client(server_->port());
  client.send("\xFF\xFE");
  EXPECT_EQ(client.read_close(), 1007u);
  EXPECT_EQ(handler_.waiting(), 0u);
}

TEST_F(WebSocketServer, AsksForTheTokenAtTheHandshake) {
  auto with = options();
  with.api_token = "sekret";
  start(with);
  EXPECT_THROW(WebSocketClient(server_->port(), "/api/v1/socket?token=no"), boost::system::system_error);
  WebSocketClient client(server_->port(), "/api/v1/socket?token=sekret");
  client.send("in");
  EXPECT_EQ(handler_.next().call.body, "in");
}

TEST_F(WebSocketServer, FreesEverythingOfAClientThatVanishes) {
  start();
  WebSocketClient client(server_->port());
  client.send("one");
  auto seen = handler_.next();
  client.vanish();
  EXPECT_TRUE(empties());
  EXPECT_FALSE(seen.reply({.body = "nobody"}));
}

TEST_F(WebSocketServer, AnswersTheClosingHandshake) {
  start();
  WebSocketClient client(server_->port());
  client.stream().close(boost::beast::websocket::close_code::normal);
  EXPECT_TRUE(empties());
}

TEST_F(WebSocketServer, PingsASilentClientAndKeepsOneThatAnswers) {
  auto with = options();
  with.idle_timeout = milliseconds(300);
  start(with);
  WebSocketClient client(server_->port());
  int pings = 0;
  client.stream().control_callback([&](boost::beast::websocket::frame_type kind, boost::beast::string_view) {
    if (kind == boost::beast::websocket::frame_type::ping && ++pings == 3) client.send("still here");
  });
  std::thread reader([&] { EXPECT_EQ(client.read(), "ok"); });
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, "still here");
  seen.reply({.body = "ok"});
  reader.join();
}

TEST_F(WebSocketServer, GivesUpOnAClientThatDoesNotAnswerPings) {
  auto with = options();
  with.idle_timeout = milliseconds(20);
  start(with);
  WebSocketClient client(server_->port());
  EXPECT_TRUE(empties());  // the client never reads, so it never answers
}

TEST_F(WebSocketServer, KeepsAClientWhoseMessageComesSlowly) {
  auto with = options();
  with.idle_timeout = milliseconds(200);
  with.min_ingress_rate = 0;
  start(with);
  WebSocketClient client(server_->port());
  auto& socket = client.stream().next_layer();
  const std::string head("\x81\x86\0\0\0\0", 6);  // text, 6 bytes, masked with zeros
  boost::asio::write(socket, boost::asio::buffer(head));
  for (const char letter : std::string_view("slowly")) {
    std::array<char, 2> ping{};  // each says that the client was silent for a while
    boost::asio::read(socket, boost::asio::buffer(ping));
    ASSERT_EQ(ping[0], '\x89');
    boost::asio::write(socket, boost::asio::buffer(&letter, 1));
  }
  EXPECT_EQ(handler_.next().call.body, "slowly");
}

TEST_F(WebSocketServer, CutsOffAClientThatDoesNotReadItsAnswers) {
  auto with = options();
  with.idle_timeout = milliseconds(50);
  start(with);
  WebSocketClient client(server_->port());
  client.send("give me much");
  handler_.next().reply({.body = std::string(64u << 20, 'x')});
  EXPECT_TRUE(empties());
}

TEST_F(WebSocketServer, ClientsThatDoNotReadShareTheMemoryForAnswers) {
  auto with = options();
  with.body_memory = 8u << 20;
  with.idle_timeout = milliseconds(50);
  start(with);
  WebSocketClient client(server_->port());
  client.stream().next_layer().set_option(boost::asio::socket_base::receive_buffer_size(4096));
  for (const auto* each : {"much", "more"}) client.send(each);
  for (int i = 0; i < 2; ++i) handler_.next().reply({.body = std::string(16u << 20, 'x')});
  EXPECT_TRUE(empties());
}

TEST_F(WebSocketServer, TellsAClientThatDoesNotReadWhyItIsClosed) {
  auto with = options();
  with.outbox_limit = 1u << 20;
  start(with);
  WebSocketClient client(server_->port());
  client.send("much");
  const auto seen = handler_.next();
  for (int i = 0; i < 3; ++i) seen.reply({.body = std::string(16u << 20, 'x'), .complete = false});
  while (handler_.counted("cut off unread") == 0) std::this_thread::yield();
  EXPECT_EQ(client.read_close(), 1008u);
  EXPECT_EQ(client.stream().reason().reason, "answers are not read");
  EXPECT_TRUE(empties());
  EXPECT_EQ(handler_.counted("cut off unread"), 1);
  EXPECT_FALSE(seen.reply({.body = "nobody"}));
}

TEST_F(WebSocketServer, ASlowReaderHoldsUpNobody) {
  auto with = options();
  with.threads = 1;
  start(with);
  WebSocketClient slow(server_->port());
  slow.send("much");
  const auto large = handler_.next();
  large.reply({.body = std::string(32u << 20, 'x'), .complete = false});
  WebSocketClient honest(server_->port());
  for (int i = 0; i < 100; ++i) {
    honest.send("q");
    handler_.next().reply({.body = "a"});
    EXPECT_EQ(honest.read(), "a");
  }
  large.reply({.body = "last"});
  EXPECT_EQ(slow.read().size(), 32u << 20);
  EXPECT_EQ(slow.read(), "last");
}

TEST_F(WebSocketServer, NamesSocketsAndTheirMessages) {
  start();
  WebSocketClient client(server_->port());
  const auto id = std::string(client.response()["X-Request-Id"]);
  EXPECT_EQ(id.size(), 36u);
  client.send("one");
  client.send("two");
  EXPECT_EQ(handler_.next().call.request_id, id + "-1");
  EXPECT_EQ(handler_.next().call.request_id, id + "-2");
}

TEST_F(WebSocketServer, StopFinishesRunningRequestsThenCloses) {
  start();
  WebSocketClient client(server_->port());
  WebSocketClient idle(server_->port());
  client.send("one");
  auto seen = handler_.next();
  CloseReport report;
  std::thread stopper([&] { report = server_->stop(seconds(20)); });
  EXPECT_EQ(idle.read_close(), 1001u);
  seen.reply({.body = "done"});
  EXPECT_EQ(client.read(), "done");
  EXPECT_EQ(client.read_close(), 1001u);
  stopper.join();
  EXPECT_EQ(report.flushed, 1u);
  EXPECT_EQ(report.running, 0u);
}

TEST_F(WebSocketServer, StopCutsOffAtTheDeadline) {
  start();
  WebSocketClient client(server_->port());
  client.send("one");
  auto seen = handler_.next();
  const auto report = server_->stop(milliseconds(10));
  EXPECT_EQ(report.running, 1u);
  EXPECT_FALSE(seen.reply({.body = "late"}));
}

TEST_F(WebSocketServer, OpensTheImportAndExportOfAFlow) {
  start();
  WebSocketClient client(server_->port(), "/api/v1/flow/f/import/triples");
  auto opened = handler_.next();
  EXPECT_EQ(opened.call.flow, "f");
  EXPECT_EQ(opened.call.service, "triples");
  client.send("one");
  const auto message = handler_.next();
  EXPECT_EQ(message.call.body, "one");
  message.reply({});
  bool written = false;
  opened.reply({.body = "unasked", .complete = false, .written = [&written] { written = true; }});
  EXPECT_EQ(client.read(), "unasked");
  opened.reply({.body = "last", .complete = false, .close = true});
  EXPECT_EQ(client.read(), "last");
  EXPECT_TRUE(written);
  EXPECT_EQ(client.read_close(), 1000u);
}

TEST_F(WebSocketServer, ChecksTheTokenOfAnExport) {
  auto with = options();
  with.api_token = "s";
  start(with);
  EXPECT_THROW(WebSocketClient(server_->port(), "/api/v1/flow/f/export/triples?token=x"),
               boost::system::system_error);
  WebSocketClient let_in(server_->port(), "/api/v1/flow/f/export/triples?token=s");
  EXPECT_EQ(handler_.next().call.body, "open");
}

}  // namespace
}  // namespace omnibus::gateway
