// Embeddings, document-embeddings and graph-embeddings as processes, with a small HTTP server for the model.

#include <signal.h>

#include <set>

#include <gtest/gtest.h>

#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/graph.hpp>

#include "integration/system.hpp"
#include "services/http/tests/server.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;
using catalogue::DocumentEmbeddings;
using catalogue::EntityContexts;
using catalogue::GraphEmbeddings;

class EmbeddingsProcesses : public testing::Test {
 protected:
  void start() {
    system_.start("config-svc");
    system_.start("gateway");
    start_embeddings();
    start_glue("document-embeddings");
    start_glue("graph-embeddings");
    const std::string client =
        R"("embeddings-request": "q1/tg/flow/questions", "embeddings-response": "q1/tg/flow/replies"}})";
    expect_success(system_.config(
        {{"operation", "put"},
         {"values",
          {{{"type", "active-flow"},
            {"key", "embeddings"},
            {"value", R"({"f1": {"request": "q1/tg/flow/questions", "response": "q1/tg/flow/replies"}})"}},
           {{"type", "active-flow"},
            {"key", "document-embeddings"},
            {"value",
             R"({"f1": {"input": "q1/tg/flow/chunks", "output": "q1/tg/flow/documents", )" + client}},
           {{"type", "active-flow"},
            {"key", "graph-embeddings"},
            {"value",
             R"({"f1": {"input": "q1/tg/flow/entities", "output": "q1/tg/flow/graph", )" + client}}}}}));
    await_reader("questions", "embeddings--f1--request");
    await_reader("chunks", "document-embeddings--f1--input");
    await_reader("entities", "graph-embeddings--f1--input");
  }
  void start_embeddings() { system_.start("embeddings", {"-r", server_.url(), "-m", "m1", "-c", "4"}); }
  void start_glue(const std::string& command, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-c", "4"});
    system_.start(command, std::move(more));
  }
  void await_reader(const std::string& queue, const std::string& subscription) {
    EXPECT_TRUE(eventually([&] {
      const auto all = system_.bus().statistics(topic(queue)).subscriptions;
      const auto found = all.find(subscription);
      return found != all.end() && found->second.consumers > 0;
    })) << subscription;
  }
  std::size_t backlog(const std::string& queue, const std::string& subscription) {
    return system_.bus().statistics(topic(queue)).subscriptions.at(subscription).backlog;
  }
  /// Waits until so many requests have reached the model.
  void await_requests(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return server_.seen().size() >= count; }));
  }

  http::Server server_{http::always({http::answer("200 OK", R"({"embeddings": [[0.5, 1]]})")})};
  System system_;
  Bus& bus_ = system_.bus();
  omnibus::Producer<Chunk> chunks_ = bus_.create_producer<Chunk>(topic("chunks"));
  omnibus::Producer<EntityContexts> entities_ = bus_.create_producer<EntityContexts>(topic("entities"));
  omnibus::Consumer<DocumentEmbeddings> documents_ =
      bus_.create_consumer<DocumentEmbeddings>(topic("documents"), "test");
  omnibus::Consumer<GraphEmbeddings> graph_ = bus_.create_consumer<GraphEmbeddings>(topic("graph"), "test");
};

TEST_F(EmbeddingsProcesses, LoseNothingWhenEachIsKilledInMidWork) {
  start();
  constexpr int messages = 300;
  std::set<std::string> missing_documents, missing_entities;
  for (int i = 0; i < messages; ++i) {
    const auto id = "m" + std::to_string(i);
    chunks_.send({.metadata = catalogue::Metadata{.id = id}, .chunk = "text of " + id});
    EntityContexts entities{.metadata = catalogue::Metadata{.id = id}};
    entities.entities.push_back({.entity = catalogue::Value{.value = "e"}, .context = "context"});
    entities_.send(entities);
    missing_documents.insert(id);
    missing_entities.insert(id);
  }
  std::size_t done = 0;
  for (const char* victim : {"embeddings", "document-embeddings", "graph-embeddings"}) {
    await_requests(done += 50);
    system_.kill(victim);
    victim == std::string("embeddings") ? start_embeddings() : start_glue(victim);
  }
  while (!missing_documents.empty()) {
    const auto message = documents_.poll(30s);
    ASSERT_TRUE(message) << missing_documents.size() << " chunks are missing";
    const auto id = (*message)->metadata->id;
    EXPECT_EQ((*message)->chunks.at(0).chunk.str(), "text of " + id);
    EXPECT_EQ((*message)->chunks.at(0).vectors, (std::vector<std::vector<double>>{{0.5, 1}}));
    missing_documents.erase(id);
    documents_.acknowledge(*message);
  }
  while (!missing_entities.empty()) {
    const auto message = graph_.poll(30s);
    ASSERT_TRUE(message) << missing_entities.size() << " entities are missing";
    missing_entities.erase((*message)->metadata->id);
    graph_.acknowledge(*message);
  }
  const auto waits = [&](const std::string& queue, const std::string& subscription) {
    return [&, queue, subscription] { return backlog(queue, subscription) == 0; };
  };
  EXPECT_TRUE(eventually(waits("chunks", "document-embeddings--f1--input")));
  EXPECT_TRUE(eventually(waits("entities", "graph-embeddings--f1--input")));
  EXPECT_TRUE(eventually(waits("questions", "embeddings--f1--request")));
}

TEST_F(EmbeddingsProcesses, DoubleNothingInTransactions) {
  start();
  const auto restart = [&] {
    system_.kill("document-embeddings");
    start_glue("document-embeddings", {"--transactional"});
  };
  restart();
  constexpr std::size_t messages = 200;
  for (std::size_t i = 0; i < messages; ++i) chunks_.send({.chunk = "text " + std::to_string(i)});
  std::multiset<std::string> arrived;
  while (arrived.size() < messages) {
    const auto message = documents_.poll(30s);
    ASSERT_TRUE(message) << messages - arrived.size() << " chunks are missing";
    arrived.insert((*message)->chunks.at(0).chunk.str());
    documents_.acknowledge(*message);
    if (arrived.size() == messages / 2) restart();
  }
  EXPECT_EQ(std::set<std::string>(arrived.begin(), arrived.end()).size(), messages);
  EXPECT_TRUE(eventually([&] { return backlog("chunks", "document-embeddings--f1--input") == 0; }));
  EXPECT_FALSE(documents_.poll(100ms)) << "one came twice";
}

TEST_F(EmbeddingsProcesses, StopCleanlyOnSigterm) {
  start();
  chunks_.send({.chunk = "words"});
  EXPECT_EQ(documents_.receive(30s)->chunks.size(), 1u);
  for (const char* command : {"document-embeddings", "graph-embeddings", "embeddings"}) {
    auto& process = system_.process(command);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(15s), 0) << command << "\n" << process.output();
  }
}

}  // namespace
}  // namespace omnibus::integration
