// The triples store and query as processes, loaded and asked through the gateway.

#include <signal.h>

#include <set>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/catalogue/graph.hpp>
#include <omnibus/catalogue/query.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"
#include "services/gateway/tests/client.hpp"

namespace omnibus::integration {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using catalogue::Triples;
using catalogue::TriplesQueryRequest;
using catalogue::TriplesQueryResponse;
using gateway::WebSocketClient;

constexpr const char* blueprint = R"({
  "interfaces": {"triples-store": "q1/tg/flow/triples-store:{id}",
                 "triples": {"request": "q0/tg/request/triples:{blueprint}",
                             "response": "q0/tg/response/triples:{blueprint}"}},
  "blueprint": {"triples-query:{blueprint}": {"request": "q0/tg/request/triples:{blueprint}",
                                              "response": "q0/tg/response/triples:{blueprint}"}},
  "flow": {"triples-write:{id}": {"input": "q1/tg/flow/triples-store:{id}"}}})";

class TriplesProcesses : public testing::Test {
 protected:
  void start(const std::vector<std::string>& store_flags = {}) {
    system_.start("config-svc");
    system_.start("flow-svc");
    system_.start("triples-store", store_flags);
    system_.start("triples-query");
    system_.start("gateway");
    expect_success(system_.flow(
        {{"operation", "put-blueprint"}, {"blueprint-name", "b"}, {"blueprint-definition", blueprint}}));
    expect_success(system_.flow(
        {{"operation", "start-flow"}, {"blueprint-name", "b"}, {"flow-id", "f1"}, {"description", "d"}}));
    await_store();
    system_.await_consumer("triples-query", QueueName::parse("q0/tg/request/triples:b"),
                           "triples-query--b--request");
  }
  void await_store() { system_.await_consumer("triples-store", input_, subscription_); }
  void add_collection() {
    expect_success(system_.config(
        {{"operation", "put"}, {"values", {{{"type", "collection"}, {"key", "u:c"}, {"value", "{}"}}}}}));
  }
  void delete_collection() {
    expect_success(
        system_.config({{"operation", "delete"}, {"keys", {{{"type", "collection"}, {"key", "u:c"}}}}}));
  }
  WebSocketClient socket(const std::string& direction) {
    return WebSocketClient(static_cast<std::uint16_t>(std::stoi(system_.port())),
                           "/api/v1/flow/f1/" + direction + "/triples");
  }
  static json::value uri(const std::string& text) { return {{"v", text}, {"e", true}}; }
  static json::value literal(const std::string& text) { return {{"v", text}, {"e", false}}; }
  static json::value triple(const std::string& s, const std::string& p, const std::string& o) {
    return {{"s", uri(s)}, {"p", uri(p)}, {"o", literal(o)}};
  }
  static std::string message(const json::array& triples) {
    return json::serialize(json::value{
        {"metadata", {{"id", "doc"}, {"metadata", json::array()}, {"user", "u"}, {"collection", "c"}}},
        {"triples", triples}});
  }
  json::array find(json::object request = {}) {
    request["user"] = "u";
    request["collection"] = "c";
    const auto answer = post(system_.port(), "/api/v1/flow/f1/service/triples", request);
    expect_success(answer);
    return answer.at("response").as_array();
  }
  bool finds(std::size_t count) {
    return eventually([&] { return find({{"limit", 100000}}).size() == count; });
  }

  System system_;
  const QueueName input_ = topic("triples-store:f1");
  const std::string subscription_ = "triples-write--f1--input";
};

TEST_F(TriplesProcesses, StoreAndFindThroughTheGateway) {
  start();
  add_collection();
  auto exported = socket("export");
  ASSERT_TRUE(eventually([&] { return system_.bus().statistics(input_).subscriptions.size() == 2; }));
  const auto sent = message({triple("a", "is", "one"), triple("a", "has", "two"), triple("b", "is", "one")});
  auto imported = socket("import");
  imported.send(sent);
  EXPECT_EQ(json::parse(exported.read()), json::parse(sent));
  ASSERT_TRUE(finds(3));
  imported.send(sent);
  exported.read();
  EXPECT_TRUE(eventually([&] { return system_.backlog(input_, subscription_) == 0; }));
  EXPECT_EQ(find().size(), 3u);
  EXPECT_EQ(find({{"s", uri("a")}}).size(), 2u);
  EXPECT_EQ(find({{"p", uri("is")}, {"o", literal("one")}}).size(), 2u);
  EXPECT_EQ(find({{"s", uri("a")}, {"p", uri("has")}}), (json::array{triple("a", "has", "two")}));
  EXPECT_EQ(find({{"o", uri("one")}}), json::array{});
  EXPECT_EQ(find({{"limit", 2}}).size(), 2u);
  delete_collection();
  EXPECT_TRUE(finds(0));
}

TEST_F(TriplesProcesses, RefuseALimitBelowZero) {
  start();
  const auto answer = post(system_.port(), "/api/v1/flow/f1/service/triples", {{"limit", -1}});
  EXPECT_EQ(answer.at("error").at("type"), "triples-query-error");
  EXPECT_EQ(answer.at("error").at("message"), "limit is -1 (give at least 1, or nothing for 10000)");
}

TEST_F(TriplesProcesses, KeepAMessageUntilItsCollectionIsThere) {
  start();
  auto imported = socket("import");
  imported.send(message({triple("a", "b", "c")}));
  system_.process("triples-store").printed_after("collection 'c' of user 'u' is unknown");
  add_collection();
  EXPECT_TRUE(finds(1));
}

TEST_F(TriplesProcesses, PutAsideWhatNoCollectionWants) {
  start({"--triples-attempts", "1"});
  auto imported = socket("import");
  imported.send(message({triple("a", "b", "c")}));
  const auto dead = dead_letter_queue(input_, subscription_);
  auto letters = system_.bus().create_consumer<Triples>(dead, "dead", {.position = Position::earliest});
  const auto letter = letters.receive(30s);
  EXPECT_EQ(letter->metadata->id, "doc");
  EXPECT_NE(
      letter.properties().value_or("omnibus-dead-reason", "").find("collection 'c' of user 'u' is unknown"),
      std::string::npos);
}

TEST_F(TriplesProcesses, LoseNothingWhenTheStoreIsKilled) {
  start();
  add_collection();
  constexpr std::size_t messages = 2000;
  auto producer = system_.bus().create_producer<Triples>(input_);
  for (std::size_t i = 0; i < messages; ++i) {
    producer.send_async({.metadata = catalogue::Metadata{.id = "doc", .user = "u", .collection = "c"},
                         .triples = {{.s = catalogue::Value{"s" + std::to_string(i), true},
                                      .p = catalogue::Value{"p", true},
                                      .o = catalogue::Value{"o", false}}}},
                        {}, [](const Error* error) { EXPECT_EQ(error, nullptr); });
  }
  producer.flush();
  for (std::size_t kills = 1; kills <= 3; ++kills) {
    ASSERT_TRUE(
        eventually([&] { return system_.backlog(input_, subscription_) < messages * (4 - kills) / 4; }));
    system_.kill("triples-store");
    system_.start("triples-store");
  }
  EXPECT_TRUE(finds(messages));
  EXPECT_TRUE(eventually([&] { return system_.backlog(input_, subscription_) == 0; }));
}

TEST_F(TriplesProcesses, LoseNoQuestionWhenTheQueryIsKilled) {
  start();
  add_collection();
  socket("import").send(message({triple("a", "b", "c")}));
  ASSERT_TRUE(finds(1));
  expect_success(system_.config(
      {{"operation", "put"},
       {"values",
        {{{"type", "active-flow"},
          {"key", "triples-query"},
          {"value", R"({"f1": {"request": "q1/tg/flow/asked", "response": "q1/tg/flow/told"}})"}}}}}));
  const auto asked = topic("asked");
  system_.await_consumer("triples-query", asked, "triples-query--f1--request");
  auto& bus = system_.bus();
  auto answers = bus.create_consumer<TriplesQueryResponse>(topic("told"), "test");
  auto questions = bus.create_producer<TriplesQueryRequest>(asked);
  std::set<std::string> missing;
  for (int i = 0; i < 2000; ++i) {
    const auto& id = *missing.insert("r" + std::to_string(i)).first;
    questions.send_async({.user = "u", .collection = "c"}, {.properties = {{"id", id}}},
                         [](const Error* error) { EXPECT_EQ(error, nullptr); });
  }
  questions.flush();
  for (int answered = 0; !missing.empty(); ++answered) {
    if (answered == 200) {
      system_.kill("triples-query");
      system_.start("triples-query");
    }
    const auto answer = answers.poll(30s);
    ASSERT_TRUE(answer) << missing.size() << " answers are missing";
    EXPECT_EQ((*answer)->triples.size(), 1u);
    missing.erase(answer->properties().value_or("id", ""));
    answers.acknowledge(*answer);
  }
}

TEST_F(TriplesProcesses, StopCleanlyOnSigterm) {
  start();
  for (const char* command : {"triples-store", "triples-query"}) {
    auto& process = system_.process(command);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(15s), 0) << process.output();
  }
}

}  // namespace
}  // namespace omnibus::integration
