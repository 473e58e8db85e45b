// The knowledge manager and kg-store as processes, killed while they work.

#include <signal.h>

#include <iostream>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/framework/request_response.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"
#include "services/knowledge/tests/pieces.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::GraphEmbeddings;
using catalogue::KnowledgeRequest;
using catalogue::KnowledgeResponse;
using catalogue::Triples;
using knowledge::embeddings_of;
using knowledge::text_of;
using knowledge::triples_of;

/// What is awaited, and how often the rest came again.
class Awaited {
 public:
  void expect(const std::string& text) { missing_.insert(text); }
  void count(const std::string& text) { repeated_ += missing_.erase(text) == 0 ? 1u : 0u; }
  std::size_t missing() const { return missing_.size(); }
  std::size_t repeated() const { return repeated_; }

 private:
  std::set<std::string> missing_;
  std::size_t repeated_ = 0;
};

class KnowledgeProcess : public testing::Test {
 protected:
  void start() {
    const auto seed = std::random_device{}();
    std::cout << "seed " << seed << '\n';
    random_.seed(seed);
    system_.start("config-svc");
    system_.start("gateway");
    system_.start("knowledge");
    client_.start();
    put_config("flow", "f1",
               R"({"interfaces": {"triples-store": "q1/tg/flow/triples",
                                  "graph-embeddings-store": "q1/tg/flow/embeddings"}})");
  }
  void put_config(const char* type, const char* key, const char* value) {
    expect_success(system_.config(
        {{"operation", "put"}, {"values", {{{"type", type}, {"key", key}, {"value", value}}}}}));
  }
  void restart(const std::string& command) {
    system_.kill(command);
    system_.start(command);
  }
  boost::json::value knowledge(const boost::json::value& request) const {
    return post(system_.port(), "/api/v1/knowledge", request);
  }
  /// Texts of a core's pieces.
  std::multiset<std::string> core(const std::string& id) {
    std::multiset<std::string> out;
    client_.request(
        {.operation = "get-kg-core", .user = "u", .id = id},
        [&](const KnowledgeResponse& answer) {
          if (answer.triples) out.insert("t " + text_of(*answer.triples));
          if (answer.graph_embeddings) out.insert("e " + text_of(*answer.graph_embeddings));
          return answer.eos || answer.error;
        },
        30s);
    return out;
  }
  /// How many pieces the flow's queues hold.
  std::size_t sent() {
    return bus_.statistics(topic("triples")).subscriptions.at("test").backlog +
           bus_.statistics(topic("embeddings")).subscriptions.at("test").backlog;
  }
  /// Takes what has come until so many are missing.
  template <class T>
  static void take(omnibus::Consumer<T>& consumer, Awaited& awaited, std::size_t missing) {
    while (awaited.missing() > missing) {
      const auto message = consumer.poll(30s);
      ASSERT_TRUE(message) << awaited.missing() << " are missing";
      awaited.count(text_of(message->value()));
      consumer.acknowledge(*message);
    }
  }

  System system_;
  Bus& bus_ = system_.bus();
  std::mt19937 random_;
  omnibus::Consumer<Triples> triples_ = bus_.create_consumer<Triples>(topic("triples"), "test");
  omnibus::Consumer<GraphEmbeddings> embeddings_ =
      bus_.create_consumer<GraphEmbeddings>(topic("embeddings"), "test");
  framework::RequestResponse<KnowledgeRequest, KnowledgeResponse> client_{
      bus_,
      {.id = "test",
       .name = "knowledge-request",
       .request = QueueName::parse(catalogue::knowledge_request_queue),
       .response = QueueName::parse(catalogue::knowledge_response_queue),
       .subscription = {}}};
};

TEST_F(KnowledgeProcess, KilledWhileItLoadsGoesOn) {
  constexpr std::size_t pieces = 600, kills = 10;
  start();
  Awaited triples, embeddings;
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto text = std::to_string(i) + std::string(20000, 'x');
    const KnowledgeRequest put{.operation = "put-kg-core",
                               .triples = triples_of("c", text),
                               .graph_embeddings = embeddings_of("c", text)};
    ASSERT_FALSE(client_.request(put, 30s).error);
    triples.expect(text);
    embeddings.expect(text);
  }
  const KnowledgeRequest load{
      .operation = "load-kg-core", .user = "u", .id = "c", .flow = "f1", .collection = "n"};
  ASSERT_FALSE(client_.request(load, 30s).error);
  std::size_t midway = 0;
  for (std::size_t i = 0; i < kills; ++i) {
    const auto wanted = 2 * pieces * i / kills + random_() % 50;
    ASSERT_TRUE(eventually([&] { return sent() >= wanted; }));
    system_.kill("knowledge");
    midway += sent() < 2 * pieces ? 1 : 0;
    system_.start("knowledge");
  }
  take(triples_, triples, 0);
  take(embeddings_, embeddings, 0);
  // What follows a load in the same queues comes after everything of it.
  ASSERT_FALSE(client_.request({.operation = "put-kg-core", .triples = triples_of("end", "end")}, 30s).error);
  auto end = load;
  end.id = "end";
  ASSERT_FALSE(client_.request(end, 30s).error);
  triples.expect("end");
  take(triples_, triples, 0);
  while (const auto message = embeddings_.poll(0s)) embeddings.count(text_of(message->value()));
  const auto repeated = triples.repeated() + embeddings.repeated();
  std::cout << kills << " kills, " << midway << " of them midway, " << 2 * pieces << " pieces, " << repeated
            << " came more than once\n";
  EXPECT_GT(midway, 0u);
  EXPECT_LE(repeated, kills * 64) << "more than one batch came again after a kill";
}

TEST_F(KnowledgeProcess, KeepsWhatItAnsweredWhenItIsKilled) {
  constexpr int kills = 8, pieces = 40;
  start();
  auto answers =
      bus_.create_consumer<KnowledgeResponse>(QueueName::parse(catalogue::knowledge_response_queue), "test");
  auto requests =
      bus_.create_producer<KnowledgeRequest>(QueueName::parse(catalogue::knowledge_request_queue));
  std::set<std::string> answered;
  for (int round = 0; round < kills; ++round) {
    for (int i = 0; i < pieces; ++i) {
      const auto text = std::to_string(round * pieces + i);
      requests.send({.operation = "put-kg-core", .triples = triples_of("c", text)},
                    {.properties = {{"id", text}}});
    }
    for (auto wanted = random_() % pieces; wanted > 0; --wanted) {
      const auto answer = answers.poll(30s);
      ASSERT_TRUE(answer);
      EXPECT_FALSE((*answer)->error);
      answered.insert("t " + answer->properties().value_or("id", ""));
      answers.acknowledge(*answer);
    }
    restart("knowledge");
    while (const auto answer = answers.poll(0s)) {
      answered.insert("t " + answer->properties().value_or("id", ""));
      answers.acknowledge(*answer);
    }
  }
  const auto kept = core("c");
  for (const auto& text : answered) EXPECT_EQ(kept.count(text), 1u) << text;
  EXPECT_GT(answered.size(), 0u);
}

TEST_F(KnowledgeProcess, KilledKgStoreKeepsEveryPieceOnce) {
  constexpr int pieces = 400, kills = 6;
  start();
  put_config("active-flow", "kg-store",
             R"({"f1": {"triples-input": "q1/tg/flow/found", "graph-embeddings-input": "q1/tg/flow/near"}})");
  system_.start("kg-store");
  const auto backlog = [&](const char* queue, const char* name) -> std::size_t {
    const auto all = bus_.statistics(topic(queue)).subscriptions;
    const auto found = all.find(std::string("kg-store--f1--") + name);
    return found == all.end() ? pieces : found->second.backlog;
  };
  ASSERT_TRUE(eventually([&] { return backlog("found", "triples-input") == 0; }));
  ASSERT_TRUE(eventually([&] { return backlog("near", "graph-embeddings-input") == 0; }));
  std::multiset<std::string> expected;
  auto found = bus_.create_producer<Triples>(topic("found"));
  auto near = bus_.create_producer<GraphEmbeddings>(topic("near"));
  for (int i = 0; i < pieces; ++i) {
    const auto text = std::to_string(i);
    found.send(triples_of("c", text));
    near.send(embeddings_of("c", text));
    expected.insert({"t " + text, "e " + text});
    if (i % (pieces / kills) == 0) restart("kg-store");
  }
  EXPECT_TRUE(eventually([&] { return backlog("found", "triples-input") == 0; }));
  EXPECT_TRUE(eventually([&] { return backlog("near", "graph-embeddings-input") == 0; }));
  EXPECT_EQ(core("c"), expected);
}

TEST_F(KnowledgeProcess, AnswersThroughTheGateway) {
  start();
  const boost::json::object metadata{
      {"id", "c"}, {"metadata", boost::json::array{}}, {"user", "u"}, {"collection", "mine"}};
  const boost::json::array triples{{{"s", {{"v", "a"}, {"e", true}}},
                                    {"p", {{"v", "b"}, {"e", true}}},
                                    {"o", {{"v", "c"}, {"e", false}}}}};
  EXPECT_EQ(
      knowledge({{"operation", "put-kg-core"}, {"triples", {{"metadata", metadata}, {"triples", triples}}}}),
      boost::json::object{});
  EXPECT_EQ(knowledge({{"operation", "list-kg-cores"}, {"user", "u"}}),
            boost::json::value({{"ids", boost::json::array{"c"}}}));
  EXPECT_EQ(knowledge({{"operation", "load-kg-core"}, {"user", "u"}, {"id", "c"}, {"flow", "f1"}}),
            boost::json::object{});
  EXPECT_EQ(triples_.receive(30s)->metadata->collection, "default");
  EXPECT_EQ(knowledge({{"operation", "unload-kg-core"}, {"user", "u"}, {"id", "c"}}),
            boost::json::value({{"error", {{"type", "not-implemented"}, {"message", "Not implemented"}}}}));
  EXPECT_EQ(knowledge({{"operation", "delete-kg-core"}, {"user", "u"}, {"id", "c"}}), boost::json::object{});
  EXPECT_EQ(knowledge({{"operation", "list-kg-cores"}, {"user", "u"}}),
            boost::json::value({{"ids", boost::json::array{}}}));
  auto& process = system_.process("knowledge");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
}

}  // namespace
}  // namespace omnibus::integration
