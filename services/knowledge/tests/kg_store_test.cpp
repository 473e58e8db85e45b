#include "services/knowledge/kg_store.hpp"

#include <thread>

#include "services/config/tests/with_configuration.hpp"
#include "services/knowledge/store.hpp"
#include "services/knowledge/tests/pieces.hpp"

namespace omnibus::knowledge {
namespace {

using namespace std::chrono_literals;

class KgStore : public config::WithConfiguration {
 protected:
  KgStore() {
    service_->start();
    config_.put({{"active-flow", "kg-store", R"({"f1": {"triples-input": "q1/tg/flow/triples",
                                                     "graph-embeddings-input": "q1/tg/flow/embeddings"}})"}});
    while (service_->flows().empty()) std::this_thread::yield();
  }
  bool settled(const std::string& queue, const std::string& name) {
    return bus_.statistics(topic(queue)).subscriptions.at("kg-store--f1--" + name).backlog == 0;
  }

  std::unique_ptr<KgStoreService> service_ =
      make<KgStoreService>("kg-store", {"--knowledge-store", folder_.path() / "knowledge.sqlite"});
  Store store_{folder_.path() / "knowledge.sqlite"};
};

TEST_F(KgStore, KeepsWhatFlowsFind) {
  bus_.create_producer<catalogue::Triples>(topic("triples")).send(triples_of("c", "1"));
  bus_.create_producer<catalogue::GraphEmbeddings>(topic("embeddings")).send(embeddings_of("c", "2"));
  while (!settled("triples", "triples-input") || !settled("embeddings", "graph-embeddings-input")) {
    std::this_thread::yield();
  }
  const auto pieces = store_.read("u", "c", {});
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(text_of(std::get<catalogue::Triples>(pieces[0].content)), "1");
  EXPECT_EQ(text_of(std::get<catalogue::GraphEmbeddings>(pieces[1].content)), "2");
}

}  // namespace
}  // namespace omnibus::knowledge
