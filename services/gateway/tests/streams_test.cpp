#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>

#include "services/gateway/dispatch/services.hpp"
#include "services/gateway/gateway.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr auto metadata = R"("metadata": {"id": "m", "metadata": [], "user": "u", "collection": "c"})";

class Streams : public testing::Test {
 protected:
  void SetUp() override {
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    gateway_ = std::make_unique<Gateway>(bus_, options);
    gateway_->start();
  }
  WebSocketClient open(const std::string& direction, const std::string& kind, const std::string& flow = "f") {
    return WebSocketClient(gateway_->port(), "/api/v1/flow/" + flow + "/" + direction + "/" + kind);
  }
  static std::string of(const std::string& more) { return "{" + std::string(metadata) + ", " + more + "}"; }
  static std::string interfaces() {
    json::object result;
    for (const auto* name : {"triples-store", "graph-embeddings-store", "document-embeddings-store",
                             "entity-contexts-load", "objects-store", "odd-store"}) {
      result[name] = "q1/tg/flow/" + std::string(name);
    }
    return json::serialize(json::object{{"interfaces", result}});
  }

  Bus bus_ = connect("embedded://", {.nulls = Nulls::emit});
  FakeServices services_{bus_, FakeServices::with_flow(1, "f", interfaces())};
  std::unique_ptr<Gateway> gateway_;
};

struct Case {
  std::string kind, queue, client, queued;
};

const std::array<Case, 5> cases = {{
    {"triples", "triples-store", R"("triples": [])", R"("triples": [])"},
    {"graph-embeddings", "graph-embeddings-store",
     R"("entities": [{"entity": {"v": "x", "e": true}, "vectors": [[0.5, 1.0]]}])",
     R"("entities": [{"entity": {"value": "x", "is_uri": true, "type": ""}, "vectors": [[0.5, 1.0]]}])"},
    {"document-embeddings", "document-embeddings-store", R"("chunks": [{"chunk": "t", "vectors": [[1.0]]}])",
     R"("chunks": [{"chunk": "t", "vectors": [[1.0]]}])"},
    {"entity-contexts", "entity-contexts-load",
     R"("entities": [{"entity": {"v": "x", "e": false}, "context": "c"}])",
     R"("entities": [{"entity": {"value": "x", "is_uri": false, "type": ""}, "context": "c"}])"},
    {"objects", "objects-store", R"("schema_name": "s", "values": {"a": "b", "n": 1})",
     R"("schema_name": "s", "values": [{"a": "b", "n": "1"}], "confidence": 1.0, "source_span": "")"},
}};

TEST_F(Streams, ImportsEveryKind) {
  for (const auto& each : cases) {
    SCOPED_TRACE(each.kind);
    auto queue = bus_.create_consumer<Raw>(QueueName::parse("q1/tg/flow/" + each.queue), "test");
    open("import", each.kind).send(of(each.client));
    EXPECT_EQ(json::parse(queue.receive(seconds(20)).value().bytes), json::parse(of(each.queued)));
  }
}

TEST_F(Streams, ExportsEveryKindButObjects) {
  for (const auto& each : cases) {
    if (each.kind == "objects") continue;
    SCOPED_TRACE(each.kind);
    auto client = open("export", each.kind);
    const std::jthread sending([&](const std::stop_token& stop) {
      auto producer = bus_.create_producer<Raw>(QueueName::parse("q1/tg/flow/" + each.queue));
      while (!stop.stop_requested()) producer.send({of(each.queued)});
    });
    EXPECT_EQ(json::parse(client.read()), json::parse(of(each.client)));
  }
  EXPECT_EQ(open("export", "objects").read_close(), 1000u);
}

TEST_F(Streams, KeepsTheOrderOfAnImport) {
  auto queue = bus_.create_consumer<Raw>(QueueName::parse("q1/tg/flow/entity-contexts-load"), "test");
  auto client = open("import", "entity-contexts");
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) {
    client.send(
        of(R"("entities": [{"entity": {"v": "x", "e": true}, "context": ")" + std::to_string(i) + R"("}])"));
  }
  for (int i = 0; i < count; ++i) {
    const auto message = json::parse(queue.receive(seconds(20)).value().bytes);
    EXPECT_EQ(message.at("entities").at(0).at("context"), json::value(std::to_string(i)));
  }
}

TEST_F(Streams, ClosesWhatHasNoQueue) {
  EXPECT_EQ(open("import", "triples", "nope").read_close(), 1000u);
  EXPECT_EQ(open("export", "triples", "nope").read_close(), 1000u);
  EXPECT_EQ(open("import", "odd").read_close(), 1000u);
  EXPECT_EQ(open("export", "odd").read_close(), 1000u);
}

TEST_F(Streams, ClosesAtAMalformedImport) {
  for (const std::string text :
       {"no JSON", "[]", R"({"triples": []})", R"({"metadata": {"id": "m"}, "triples": []})"}) {
    auto client = open("import", "triples");
    client.send(text);
    EXPECT_EQ(client.read_close(), 1000u) << text;
  }
}

/// A message is the client's when the socket has it: until then it is not acknowledged, and no other is
/// taken.
TEST_F(Streams, AnExportedMessageIsAcknowledgedWhenTheClientHasIt) {
  const auto queue = QueueName::parse("q1/tg/flow/triples-store");
  std::promise<Answer> first;
  std::promise<Answer> second;
  std::atomic<int> count{0};
  auto made = find_stream("triples")->make_exporter({bus_, queue, [&](Answer answer) {
                                                       (count++ == 0 ? first : second).set_value(answer);
                                                       return true;
                                                     }});
  const std::shared_ptr<Exporter> exporter(std::move(made));
  exporter->start();
  auto producer = bus_.create_producer<Raw>(queue);
  producer.send({of(R"("triples": [])")});
  producer.send({of(R"("triples": [])")});
  const auto backlog = [&] { return bus_.statistics(queue).subscriptions.begin()->second.backlog; };
  const auto answer = first.get_future().get();
  EXPECT_EQ(backlog(), 2u);
  EXPECT_EQ(count, 1);
  answer.written();
  second.get_future().get();
  while (backlog() > 1) std::this_thread::yield();
  EXPECT_EQ(backlog(), 1u);
}

TEST_F(Streams, AnExportEndsWithItsFlow) {
  auto client = open("export", "triples");
  auto producer = bus_.create_producer<Raw>(QueueName::parse("q1/tg/flow/triples-store"));
  {
    const std::jthread sending([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) producer.send({of(R"("triples": [])")});
    });
    client.read();
  }
  services_.push({{"version", 2}, {"config", json::object()}});
  EXPECT_EQ(client.read_close(), 1000u);
}

TEST_F(Streams, StopEndsAnExport) {
  auto client = open("export", "triples");
  const std::jthread stopping([this] { gateway_->stop(seconds(20)); });
  EXPECT_EQ(client.read_close(), 1001u);
}

}  // namespace
}  // namespace omnibus::gateway
