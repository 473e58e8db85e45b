#include <signal.h>

#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/base64.hpp>
#include <omnibus/catalogue/document.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"
#include "services/chunker/split.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;
using catalogue::TextDocument;

std::string text_of(int number) {
  std::string out;
  for (int i = 0; i < 900; ++i)
    out += "word" + std::to_string(number) + "x" + std::to_string(i) + (i % 9 ? " " : "\n\n");
  return out;
}

boost::json::value load(const System& system, const std::string& flow, const std::string& id,
                        const std::string& text) {
  return post(system.port(), "/api/v1/flow/" + flow + "/service/text-load",
              {{"id", id}, {"text", base64::encode(text)}, {"user", "u"}, {"collection", "c"}});
}

/// Document id and content of every chunk expected of `documents`.
std::multiset<std::pair<std::string, std::string>> expected_of(int documents) {
  std::multiset<std::pair<std::string, std::string>> out;
  for (int i = 0; i < documents; ++i) {
    for (auto& chunk : chunker::split_recursive(text_of(i), {}))
      out.emplace("doc" + std::to_string(i), std::move(chunk));
  }
  return out;
}

/// Receives until everything in `missing` has come, or 30 seconds pass in silence.
void receive_all(omnibus::Consumer<Chunk>& chunks,
                 std::multiset<std::pair<std::string, std::string>>& missing) {
  while (!missing.empty()) {
    const auto message = chunks.poll(30s);
    if (!message) return;
    const auto found = missing.find({message->value().metadata->id, message->value().chunk.str()});
    if (found != missing.end()) missing.erase(found);
    chunks.acknowledge(*message);
  }
}

TEST(FlowOverProcesses, TurnsDocumentsIntoChunks) {
  System system;
  system.start_all();
  auto chunks = system.bus().create_consumer<Chunk>(topic("chunk:f1"), "test");
  system.put_blueprint();
  system.start_flow("f1");
  auto missing = expected_of(3);
  for (int i = 0; i < 3; ++i) expect_success(load(system, "f1", "doc" + std::to_string(i), text_of(i)));
  receive_all(chunks, missing);
  EXPECT_TRUE(missing.empty()) << missing.size() << " chunks are missing";
}

TEST(FlowOverProcesses, LosesNothingWhenTheChunkerIsKilled) {
  System system;
  system.start_all();
  auto chunks = system.bus().create_consumer<Chunk>(topic("chunk:f1"), "test");
  system.put_blueprint();
  system.start_flow("f1");
  constexpr int documents = 60;
  auto missing = expected_of(documents);
  std::jthread receiving([&] { receive_all(chunks, missing); });
  for (int i = 0; i < documents; ++i) {
    expect_success(load(system, "f1", "doc" + std::to_string(i), text_of(i)));
    if (i == documents / 2) {
      system.kill("chunker-recursive");
      system.start("chunker-recursive");
    }
  }
  receiving.join();
  EXPECT_TRUE(missing.empty()) << missing.size() << " chunks are missing";
}

TEST(FlowOverProcesses, GoesOnWhereItWasStopped) {
  System system;
  system.start_all();
  auto chunks = system.bus().create_consumer<Chunk>(topic("chunk:f1"), "test");
  auto documents = system.bus().create_producer<TextDocument>(topic("text-load:f1"));
  system.put_blueprint();
  system.start_flow("f1");
  expect_success(system.flow({{"operation", "stop-flow"}, {"flow-id", "f1"}}));
  ASSERT_TRUE(eventually([&] {
    return system.bus().statistics(topic("text-load:f1")).subscriptions["chunker--f1--input"].consumers == 0;
  }));
  documents.send({.metadata = catalogue::Metadata{.id = "doc0"}, .text = text_of(0)});
  EXPECT_FALSE(chunks.poll(200ms));
  system.start_flow("f1");
  auto missing = expected_of(1);
  receive_all(chunks, missing);
  EXPECT_TRUE(missing.empty()) << missing.size() << " chunks are missing";
}

TEST(FlowOverProcesses, RemovesSubscriptionsAfterTheGrace) {
  System system;
  system.start_all({"--flow-grace", "1s"});
  system.put_blueprint();
  system.start_flow("f1");
  expect_success(system.flow({{"operation", "stop-flow"}, {"flow-id", "f1"}}));
  EXPECT_TRUE(eventually([&] { return !system.has_subscription("f1"); }));
  const auto line = system.process("flow-svc").printed_after("removed the subscription chunker--f1--input");
  EXPECT_NE(line.find("0 unread messages"), std::string::npos) << line;
}

TEST(FlowOverProcesses, StartsAndStopsWhileOthersChangeTheConfiguration) {
  System system;
  system.start_all();
  system.put_blueprint();
  std::atomic<bool> done = false;
  int changes = 0;
  std::jthread other([&] {
    while (!done) {
      expect_success(system.config(
          {{"operation", "put"},
           {"values", {{{"type", "noise"}, {"key", "k"}, {"value", std::to_string(++changes)}}}}}));
    }
  });
  for (int i = 0; i < 10; ++i) {
    const auto id = "f" + std::to_string(i);
    expect_success(system.flow(
        {{"operation", "start-flow"}, {"blueprint-name", "chunks"}, {"flow-id", id}, {"description", "d"}}));
    if (i % 2 == 0) expect_success(system.flow({{"operation", "stop-flow"}, {"flow-id", id}}));
  }
  done = true;
  other.join();
  EXPECT_EQ(system.flow({{"operation", "list-flows"}}).at("flow-ids"),
            boost::json::value({"f1", "f3", "f5", "f7", "f9"}));
  const auto whole = system.config({{"operation", "config"}});
  EXPECT_EQ(whole.at("version").as_int64(), changes + 1 + 10 + 5);
  const auto active = boost::json::parse(whole.at("config").at("active-flow").at("chunker").as_string());
  EXPECT_EQ(active.as_object().size(), 5u);
}

TEST(ConfigOverProcesses, KeepsWhatItAnsweredWhenItIsKilled) {
  System system;
  system.start("config-svc");
  system.start("gateway");
  expect_success(
      system.config({{"operation", "put"}, {"values", {{{"type", "t"}, {"key", "k"}, {"value", "v"}}}}}));
  system.kill("config-svc");
  system.start("config-svc");
  const auto whole = system.config({{"operation", "config"}});
  EXPECT_EQ(whole.at("version").as_int64(), 1);
  EXPECT_EQ(whole.at("config").at("t").at("k").as_string(), "v");
}

TEST(ConfigOverProcesses, RefusesAnApplyOfAnotherVersion) {
  System system;
  system.start("config-svc");
  system.start("gateway");
  const auto apply = [&](int version) {
    return system.config({{"operation", "apply"},
                          {"if_version", version},
                          {"put", {{{"type", "t"}, {"key", "k"}, {"value", std::to_string(version)}}}},
                          {"delete", boost::json::array{}}});
  };
  EXPECT_EQ(apply(0).at("version").as_int64(), 1);
  EXPECT_EQ(apply(0).at("error").at("type").as_string(), "conflict");
  EXPECT_EQ(apply(1).at("version").as_int64(), 2);
}

TEST(Services, StopCleanlyOnSigterm) {
  System system;
  system.start_all();
  system.put_blueprint();
  system.start_flow("f1");
  for (const char* command : {"gateway", "chunker-recursive", "flow-svc", "config-svc"}) {
    auto& process = system.process(command);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(15s), 0) << command << "\n" << process.output();
  }
}

}  // namespace
}  // namespace omnibus::integration
