#include "backends/pulsar/schema.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include <omnibus/raw.hpp>
#include <omnibus/schema/reflect.hpp>

#include "backends/pulsar/tests/scripted.hpp"

namespace omnibus::pulsar {
namespace {

enum class Colour { red, green };

struct Part {
  std::string name;
  Colour colour = Colour::red;
};

struct Tree {
  std::string label = "leaf";
  std::int64_t size = 3;
  double weight = 0.5;
  bool open = true;
  std::vector<Tree> children;
  std::map<std::string, std::string> notes;
  std::optional<Part> part = std::nullopt;
  std::optional<std::string> comment = std::nullopt;
  std::vector<Part> parts;
};

TEST(JsonSchema, IsAnAvroRecord) {
  EXPECT_EQ(
      json_schema(schema::type_of<Tree>()),
      R"({"type":"record","name":"Tree","fields":[)"
      R"({"name":"label","type":"string","default":"leaf"},)"
      R"({"name":"size","type":"long","default":3},)"
      R"({"name":"weight","type":"double","default":0.5},)"
      R"({"name":"open","type":"boolean","default":true},)"
      R"({"name":"children","type":{"type":"array","items":"Tree"},"default":[]},)"
      R"({"name":"notes","type":{"type":"map","values":"string"},"default":{}},)"
      R"({"name":"part","type":["null",{"type":"record","name":"Part","fields":[)"
      R"({"name":"name","type":"string","default":""},)"
      R"({"name":"colour","type":{"type":"enum","name":"Colour","symbols":["red","green"]}}]}],"default":null},)"
      R"({"name":"comment","type":["null","string"],"default":null},)"
      R"({"name":"parts","type":{"type":"array","items":"Part"},"default":[]}]})");
}

TEST(JsonSchema, IsForStructures) { EXPECT_THROW(json_schema(schema::type_of<Raw>()), ConfigError); }

/// What a producer of `type` told the broker.
std::optional<proto::Schema> registered(const schema::Type* type, Extra extra, Extra parameters = {}) {
  std::string here;
  std::optional<proto::Schema> told;
  std::atomic<std::size_t> versions = 0;
  Peer peer([&](const Frame& frame) -> std::optional<std::string> {
    if (frame.command.type() == proto::BaseCommand::SEND) {
      if (frame.message->metadata.schema_version() == "v1") ++versions;
      return receipt(frame.command.send());
    }
    if (frame.command.type() != proto::BaseCommand::PRODUCER) return ordinary(frame, here);
    if (frame.command.producer().has_schema()) told = frame.command.producer().schema();
    proto::BaseCommand answer;
    answer.set_type(proto::BaseCommand::PRODUCER_SUCCESS);
    answer.mutable_producer_success()->set_request_id(frame.command.producer().request_id());
    answer.mutable_producer_success()->set_producer_name("p");
    answer.mutable_producer_success()->set_schema_version("v1");
    return frame_of(answer);
  });
  here = peer.address();
  NoHost host;
  const auto backend = open(config_of(here, std::move(parameters)), host);
  auto [error, producer] = obtain<std::unique_ptr<driver::Producer>>([&](auto done) {
    backend->create_producer(
        {.queue = QueueName::parse("q1/a/b/c"), .name = "p", .extra = std::move(extra), .type = type},
        std::move(done));
  });
  if (error) error->raise();
  send(*producer, 3);
  close(*producer);
  EXPECT_EQ(versions, told ? 3u : 0u) << "each message names the version of its schema";
  return told;
}

TEST(JsonSchema, IsRegisteredOnRequestOnly) {
  const auto* tree = &schema::type_of<Tree>();
  EXPECT_FALSE(registered(tree, {}));
  const auto told = registered(tree, {{"schema", "json"}});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->name(), "Tree");
  EXPECT_EQ(told->type(), proto::Schema::Json);
  EXPECT_EQ(told->schema_data(), json_schema(*tree));
  EXPECT_TRUE(registered(tree, {}, {{"schema", "json"}}));
  EXPECT_FALSE(registered(tree, {{"schema", "bytes"}}, {{"schema", "json"}}));
  EXPECT_FALSE(registered(&schema::type_of<Raw>(), {}, {{"schema", "json"}})) << "bytes have none";
}

TEST(JsonSchema, AskedForBytesOrMisspeltIsAConfigError) {
  EXPECT_THROW(registered(nullptr, {{"schema", "json"}}), ConfigError);
  EXPECT_THROW(registered(&schema::type_of<Raw>(), {{"schema", "json"}}), ConfigError);
  EXPECT_THROW(registered(&schema::type_of<Tree>(), {{"schema", "avro"}}), ConfigError);
}

}  // namespace
}  // namespace omnibus::pulsar
