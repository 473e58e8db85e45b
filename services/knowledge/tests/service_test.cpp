#include "services/knowledge/service.hpp"

#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/framework/request_response.hpp>

#include "core/tests/thrown.hpp"
#include "services/config/tests/with_configuration.hpp"
#include "services/knowledge/tests/pieces.hpp"

namespace omnibus::knowledge {
namespace {

using namespace std::chrono_literals;
using catalogue::KnowledgeRequest;
using catalogue::KnowledgeResponse;

class KnowledgeServiceTest : public config::WithConfiguration {
 protected:
  KnowledgeServiceTest() {
    service_->start();
    client_.start();
    put_flow("f1", R"({"interfaces": {"triples-store": "persistent://tg/flow/triples",
                                      "graph-embeddings-store": "q1/tg/flow/embeddings"}})");
  }
  std::unique_ptr<KnowledgeService> make_knowledge(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--knowledge-store", folder_.path() / "knowledge.sqlite"});
    return make<KnowledgeService>("knowledge", more);
  }
  KnowledgeResponse ask(const KnowledgeRequest& request) { return client_.request(request, 30s); }
  std::string error_of(const KnowledgeRequest& request) {
    const auto answer = ask(request);
    return answer.error ? answer.error->type + ": " + answer.error->message : "no error";
  }
  std::vector<KnowledgeResponse> get(const std::string& core) {
    std::vector<KnowledgeResponse> out;
    client_.request(
        {.operation = "get-kg-core", .user = "u", .id = core},
        [&](const KnowledgeResponse& response) {
          out.push_back(response);
          return response.eos || response.error;
        },
        30s);
    return out;
  }
  void put(const std::string& core, const std::string& text) {
    EXPECT_EQ(ask({.operation = "put-kg-core", .triples = triples_of(core, text)}), KnowledgeResponse{});
    EXPECT_EQ(ask({.operation = "put-kg-core", .graph_embeddings = embeddings_of(core, text)}),
              KnowledgeResponse{});
  }
  static KnowledgeRequest load(std::optional<std::string> core, std::optional<std::string> flow) {
    return {.operation = "load-kg-core",
            .user = "u",
            .id = std::move(core),
            .flow = std::move(flow),
            .collection = "n"};
  }

  std::unique_ptr<KnowledgeService> service_ = make_knowledge();
  framework::RequestResponse<KnowledgeRequest, KnowledgeResponse> client_{
      bus_,
      {.id = "test",
       .name = "knowledge-request",
       .request = QueueName::parse(catalogue::knowledge_request_queue),
       .response = QueueName::parse(catalogue::knowledge_response_queue),
       .subscription = {}}};
};

TEST_F(KnowledgeServiceTest, KeepsCores) {
  put("c", "1");
  put("c", "2");
  put("d", "3");
  KnowledgeResponse ids;
  ids.ids = {"c", "d"};
  EXPECT_EQ(ask({.operation = "list-kg-cores", .user = "u"}), ids);
  const auto answers = get("c");
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_EQ(text_of(*answers[0].triples), "1");
  EXPECT_EQ(text_of(*answers[1].triples), "2");
  EXPECT_EQ(text_of(*answers[2].graph_embeddings), "1");
  EXPECT_EQ(text_of(*answers[3].graph_embeddings), "2");
  KnowledgeResponse end;
  end.eos = true;
  EXPECT_EQ(answers[4], end);
  EXPECT_EQ(ask({.operation = "delete-kg-core", .user = "u", .id = "c"}), KnowledgeResponse{});
  EXPECT_EQ(get("c"), std::vector{end});
}

TEST_F(KnowledgeServiceTest, StreamsManyPiecesInOrder) {
  constexpr std::size_t pieces = 500;
  for (std::size_t i = 0; i < pieces; ++i) {
    ask({.operation = "put-kg-core", .triples = triples_of("c", std::to_string(i))});
  }
  const auto answers = get("c");
  ASSERT_EQ(answers.size(), pieces + 1);
  for (std::size_t i = 0; i < pieces; ++i) EXPECT_EQ(text_of(*answers[i].triples), std::to_string(i));
  EXPECT_TRUE(answers.back().eos);
}

TEST_F(KnowledgeServiceTest, LoadsACoreIntoAFlow) {
  auto triples = bus_.create_consumer<catalogue::Triples>(topic("triples"), "test");
  auto embeddings = bus_.create_consumer<catalogue::GraphEmbeddings>(topic("embeddings"), "test");
  put("c", "1");
  EXPECT_EQ(ask(load("c", "f1")), KnowledgeResponse{});
  const auto first = triples.receive(30s);
  EXPECT_EQ(text_of(first.value()), "1");
  EXPECT_EQ(first->metadata->collection, "n");
  EXPECT_EQ(text_of(embeddings.receive(30s).value()), "1");
  auto nowhere = load("c", "f1");
  nowhere.collection.reset();
  EXPECT_EQ(ask(nowhere), KnowledgeResponse{});
  EXPECT_EQ(triples.receive(30s)->metadata->collection, "default");
}

TEST_F(KnowledgeServiceTest, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(load({}, "f1")), "load-error: Core ID must be specified");
  EXPECT_EQ(error_of(load("c", {})), "load-error: Flow ID must be specified");
  EXPECT_EQ(error_of(load("c", "f2")), "load-error: Invalid flow");
  put_flow("f2", "{}");
  EXPECT_EQ(error_of(load("c", "f2")), "load-error: No defined interfaces");
  put_flow("f2", R"({"interfaces": {"graph-embeddings-store": "q1/t/n/x"}})");
  EXPECT_EQ(error_of(load("c", "f2")), "load-error: Flow has no triples-store");
  put_flow("f2", R"({"interfaces": {"triples-store": "q1/t/n/x"}})");
  EXPECT_EQ(error_of(load("c", "f2")), "load-error: Flow has no graph-embeddings-store");
  put_flow("f2", R"({"interfaces": {"triples-store": "x", "graph-embeddings-store": "q1/t/n/x"}})");
  EXPECT_EQ(error_of(load("c", "f2")).find("load-error: malformed queue name \"x\""), 0u);
  EXPECT_EQ(error_of({.operation = "unload-kg-core", .user = "u", .id = "c"}),
            "not-implemented: Not implemented");
  EXPECT_EQ(error_of({.operation = "nonesuch"}), "request-error: Invalid operation: nonesuch");
  EXPECT_EQ(error_of({}), "request-error: Null operation");
  EXPECT_EQ(error_of({.operation = "list-kg-cores"}), "unexpected-error: list-kg-cores needs 'user'");
  EXPECT_EQ(error_of({.operation = "put-kg-core", .triples = catalogue::Triples{}}),
            "unexpected-error: triples have no metadata, which name user and core");
  EXPECT_EQ(error_of({.operation = "put-kg-core"}), "no error");
  EXPECT_EQ(ask({.operation = "list-kg-cores", .user = "u"}).ids, std::vector<std::string>{});
}

TEST_F(KnowledgeServiceTest, HasItsStoreForItself) {
  EXPECT_CODE(make_knowledge(), ErrorCode::conflict);
  service_.reset();
  EXPECT_CODE(make_knowledge({"--knowledge-concurrency", "0"}), ErrorCode::config);
}

}  // namespace
}  // namespace omnibus::knowledge
