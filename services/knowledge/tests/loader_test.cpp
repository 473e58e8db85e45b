#include "services/knowledge/loader.hpp"

#include <limits>
#include <thread>

#include <gtest/gtest.h>

#include <omnibus/omnibus.hpp>

#include "services/knowledge/tests/pieces.hpp"
#include "services/sqlite/tests/folder.hpp"

namespace omnibus::knowledge {
namespace {

using namespace std::chrono_literals;
using catalogue::GraphEmbeddings;
using catalogue::Triples;

class KnowledgeLoader : public testing::Test {
 protected:
  void put(const std::string& core, int pieces) {
    for (int i = 0; i < pieces; ++i) {
      const auto triples = triples_of(core, "t" + std::to_string(i));
      const auto embeddings = embeddings_of(core, "e" + std::to_string(i));
      store_.put(&triples, &embeddings, "");
    }
  }
  static Load load(const std::string& core, Place after = {}) {
    return {.user = "u",
            .core = core,
            .flow = "f",
            .collection = "theirs",
            .triples_queue = "q1/tg/flow/triples",
            .embeddings_queue = "q1/tg/flow/embeddings",
            .after = after};
  }
  template <class T>
  void expect(omnibus::Consumer<T>& consumer, const std::string& text) {
    const auto message = consumer.receive(30s);
    EXPECT_EQ(text_of(message.value()), text);
    EXPECT_EQ(message->metadata->collection, "theirs");
    consumer.acknowledge(message);
  }
  void await_finished() {
    while (!store_.loads().empty()) std::this_thread::yield();
  }

  sqlite::TestFolder folder_;
  Bus bus_ = connect("embedded://");
  Store store_{folder_.path() / "knowledge.sqlite"};
  omnibus::Consumer<Triples> triples_ = bus_.create_consumer<Triples>(topic("triples"), "test");
  omnibus::Consumer<GraphEmbeddings> embeddings_ =
      bus_.create_consumer<GraphEmbeddings>(topic("embeddings"), "test");
};

TEST_F(KnowledgeLoader, SendsACoreToItsFlow) {
  put("c", 100);
  Loader loader(bus_, "knowledge", store_);
  loader.start();
  store_.add(load("c"), "");
  loader.wake();
  for (int i = 0; i < 100; ++i) expect(triples_, "t" + std::to_string(i));
  for (int i = 0; i < 100; ++i) expect(embeddings_, "e" + std::to_string(i));
  await_finished();
}

TEST_F(KnowledgeLoader, GoesOnWhereTheLastOneEnded) {
  put("c", 10);
  const auto pieces = store_.read("u", "c", {});
  store_.add(load("c", pieces.at(14).place), "");
  Loader loader(bus_, "knowledge", store_);
  loader.start();
  for (int i = 5; i < 10; ++i) expect(embeddings_, "e" + std::to_string(i));
  await_finished();
  EXPECT_FALSE(triples_.poll(Duration::zero()));
}

TEST_F(KnowledgeLoader, SendsNothingThatCameAfterTheLoadWasAskedFor) {
  put("c", 2);
  store_.add(load("c"), "");
  put("c", 5);  // as kg-store does with what a load sends
  Loader loader(bus_, "knowledge", store_);
  loader.start();
  for (int i = 0; i < 2; ++i) expect(triples_, "t" + std::to_string(i));
  for (int i = 0; i < 2; ++i) expect(embeddings_, "e" + std::to_string(i));
  await_finished();
  EXPECT_FALSE(triples_.poll(Duration::zero()));
  EXPECT_FALSE(embeddings_.poll(Duration::zero()));
}

TEST_F(KnowledgeLoader, LeavesOutWhatNoMessageCanHold) {
  auto odd = embeddings_of("c", "odd");
  odd.entities[0].vectors = {{std::numeric_limits<double>::quiet_NaN()}};
  store_.put(nullptr, &odd, "");
  put("c", 1);
  store_.add(load("c"), "");
  Loader loader(bus_, "knowledge", store_);
  loader.start();
  expect(triples_, "t0");
  expect(embeddings_, "e0");
  await_finished();
  loader.stop(10s);
  EXPECT_NE(bus_.metrics().text().find(R"(knowledge_left_out_count_total{flow="f",processor="knowledge"} 1)"),
            std::string::npos)
      << bus_.metrics().text();
}

TEST_F(KnowledgeLoader, LetsOthersPassALoadThatFails) {
  put("c", 1);
  auto hopeless = load("c");
  hopeless.triples_queue = "nowhere";
  store_.add(hopeless, "");
  store_.add(load("c"), "");
  Loader loader(bus_, "knowledge", store_, 10ms);
  loader.start();
  expect(triples_, "t0");
  expect(embeddings_, "e0");
  while (store_.loads().size() != 1) std::this_thread::yield();
  loader.stop(10s);
  EXPECT_EQ(store_.loads().at(0).triples_queue, "nowhere");
}

TEST_F(KnowledgeLoader, StopsWithoutHavingBegun) {
  Loader loader(bus_, "knowledge", store_);
  loader.stop(10s);
  loader.stop(10s);
}

}  // namespace
}  // namespace omnibus::knowledge
