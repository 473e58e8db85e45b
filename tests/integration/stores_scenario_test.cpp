// Replays what the existing librarian, collection and knowledge services answered and sent to flows; their
// databases were in memory then.

#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/catalogue/collection.hpp>
#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/catalogue/library.hpp>

#include "integration/system.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;

/// Lines whose outcome differs on purpose: name, what is different, why.
struct Deviation {
  const char* name;
  const char* responses;  ///< null: as recorded
  bool sends;
  const char* why;
};
constexpr const char* stale = "a refused load sends the core that was loaded before it once more";
constexpr Deviation deviations[] = {
    {"add processing to flow without interfaces",
     R"([{"error": {"type": "unexpected-error", "message": "flow 'f2' has no interface 'text-load'"},
          "document_metadata": null, "content": "", "document_metadatas": [], "processing_metadatas": []}])",
     true, "the recorded text is Python's name of a missing key"},
    {"list cores",
     R"([{"error": null, "ids": ["j", "k"], "eos": false, "triples": null, "graph_embeddings": null}])", true,
     "cores without embeddings cannot be found"},
    {"load without flow", nullptr, false, stale},
    {"load into unknown flow", nullptr, false, stale},
    {"load into flow without interfaces", nullptr, false, stale},
    {"load into flow without triples-store", nullptr, false, stale},
    {"load into flow without graph-embeddings-store", nullptr, false, stale},
};

boost::json::array parse_all(const boost::json::array& texts) {
  boost::json::array out;
  for (const auto& text : texts) out.push_back(boost::json::parse(text.as_string()));
  return out;
}

/// A pair of queues, used as a client of any language would.
class Side {
 public:
  Side(Bus& bus, std::string_view request, std::string_view response)
      : requests_(bus.create_producer<Raw>(QueueName::parse(request))),
        responses_(bus.create_consumer<Raw>(QueueName::parse(response), "test")) {}

  void ask(const std::string& request, const std::string& id) {
    requests_.send({request}, {.properties = {{"id", id}}});
  }
  boost::json::value answer(const std::string& id) {
    const auto message = responses_.receive(30s);
    EXPECT_EQ(message.properties().value_or("id", ""), id);
    responses_.acknowledge(message);
    auto answer = boost::json::parse(message->bytes);
    if (auto* time = answer.as_object().if_contains("timestamp")) *time = "<time>";
    return answer;
  }

 private:
  omnibus::Producer<Raw> requests_;
  omnibus::Consumer<Raw> responses_;
};

class StoresScenario : public testing::Test {
 protected:
  StoresScenario() {
    system_.start("config-svc");
    system_.start("gateway");
    system_.start("librarian", {"--json-nulls", "emit"});
    system_.start("knowledge", {"--json-nulls", "emit"});
    put_flow("f1", R"({"description": "d", "interfaces": {
      "text-load": "q1/tg/flow/text-load:f1", "document-load": "q1/tg/flow/document-load:f1",
      "triples-store": "q1/tg/flow/triples-store:f1",
      "graph-embeddings-store": "q1/tg/flow/graph-embeddings-store:f1"}})");
    put_flow("f2", R"({"description": "no interfaces"})");
    put_flow("f3", R"({"interfaces": {"graph-embeddings-store": "q1/tg/flow/x"}})");
    put_flow("f4", R"({"interfaces": {"triples-store": "q1/tg/flow/x"}})");
    for (const char* name :
         {"text-load:f1", "document-load:f1", "triples-store:f1", "graph-embeddings-store:f1"}) {
      flow_.emplace(topic(name).str(), system_.bus().create_consumer<Raw>(topic(name), "test"));
    }
  }
  void put_flow(const char* id, const char* definition) {
    expect_success(system_.config(
        {{"operation", "put"}, {"values", {{{"type", "flow"}, {"key", id}, {"value", definition}}}}}));
  }
  void replay(const boost::json::object& line) {
    const std::string name(line.at("name").as_string());
    SCOPED_TRACE(name);
    auto expected = parse_all(line.at("responses").as_array());
    auto sent = line.at("sent").as_array();
    for (const auto& deviation : deviations) {
      if (name != deviation.name) continue;
      if (deviation.responses != nullptr) expected = boost::json::parse(deviation.responses).as_array();
      if (!deviation.sends) sent.clear();
    }
    auto& side = sides_.at(std::string(line.at("service").as_string()));
    side.ask(std::string(line.at("request").as_string()), name);
    for (const auto& each : expected) {
      const auto answer = side.answer(name);
      EXPECT_EQ(answer, each) << "\n  got      " << answer << "\n  expected " << each;
    }
    for (const auto& each : sent) {
      auto& consumer = flow_.at(std::string(each.at("topic").as_string()));
      const auto message = consumer.receive(30s);
      consumer.acknowledge(message);
      EXPECT_EQ(boost::json::parse(message->bytes), boost::json::parse(each.at("json").as_string()));
    }
  }
  void replay_all(const char* file) {
    std::ifstream lines(std::string(OMNIBUS_TEST_DATA "/vectors/") + file);
    std::size_t replayed = 0;
    for (std::string line; std::getline(lines, line); ++replayed)
      replay(boost::json::parse(line).as_object());
    EXPECT_GE(replayed, 20u);
    for (auto& [queue, consumer] : flow_) EXPECT_FALSE(consumer.poll(0s)) << queue;
  }

  System system_;
  std::map<std::string, omnibus::Consumer<Raw>> flow_;
  std::map<std::string, Side> sides_ = make_sides();

 private:
  std::map<std::string, Side> make_sides() {
    std::map<std::string, Side> out;
    auto& bus = system_.bus();
    out.try_emplace("librarian", bus, catalogue::librarian_request_queue,
                    catalogue::librarian_response_queue);
    out.try_emplace("collection", bus, catalogue::collection_request_queue,
                    catalogue::collection_response_queue);
    out.try_emplace("knowledge", bus, catalogue::knowledge_request_queue,
                    catalogue::knowledge_response_queue);
    return out;
  }
};

TEST_F(StoresScenario, LibraryAndCollectionsAnswerAsRecorded) { replay_all("library.jsonl"); }

TEST_F(StoresScenario, KnowledgeAnswersAsRecorded) { replay_all("knowledge.jsonl"); }

}  // namespace
}  // namespace omnibus::integration
