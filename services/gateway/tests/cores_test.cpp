#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "services/gateway/gateway.hpp"
#include "services/gateway/json/msgpack.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

constexpr auto triples_record = R"(["t", {"m": {"i": "m", "m": [], "u": "u", "c": "c"},
    "t": [{"s": {"v": "x", "e": true}, "p": {"v": "y", "e": true}, "o": {"v": "z", "e": false}}]}])";
constexpr auto embeddings_record = R"(["ge", {"m": {"i": "m", "m": [], "u": "u", "c": "c"},
    "e": [{"e": {"v": "x", "e": true}, "v": [[0.5]]}]}])";
constexpr auto metadata = R"({"id": "m", "metadata": [], "user": "u", "collection": "c"})";
const std::string triples = R"({"metadata": )" + std::string(metadata) + R"(, "triples": [
    {"s": {"value": "x", "is_uri": true, "type": ""}, "p": {"value": "y", "is_uri": true, "type": ""},
     "o": {"value": "z", "is_uri": false, "type": ""}}]})";
const std::string embeddings = R"({"metadata": )" + std::string(metadata) + R"(, "entities": [
    {"entity": {"value": "x", "is_uri": true, "type": ""}, "vectors": [[0.5]]}]})";

class Cores : public testing::Test {
 protected:
  void SetUp() override {
    services_.serve("knowledge");
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    gateway_ = std::make_unique<Gateway>(bus_, options);
    gateway_->start();
    while (!gateway_->ready().empty()) std::this_thread::yield();
    services_.take();
  }
  static std::string packed(std::initializer_list<const char*> records) {
    std::string out;
    for (const auto* each : records) to_msgpack(json::parse(each), out);
    return out;
  }
  static json::value answer(const std::string& triples_or_null, const std::string& embeddings_or_null,
                            bool eos) {
    return {{"error", nullptr},
            {"ids", nullptr},
            {"eos", eos},
            {"triples", json::parse(triples_or_null)},
            {"graph_embeddings", json::parse(embeddings_or_null)}};
  }
  HttpClient::Response get(const std::string& path) {
    HttpClient client(gateway_->port());
    client.write("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return client.read();
  }
  HttpClient::Response post(const std::string& path, const std::string& body) {
    return HttpClient(gateway_->port()).post(path, body);
  }

  Bus bus_ = connect("embedded://", {.nulls = Nulls::emit});
  FakeServices services_{bus_};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(Cores, ImportsOneRecordAfterTheOther) {
  services_.line_up({}, answer("null", "null", false));
  services_.line_up({}, answer("null", "null", false));
  const auto response = post("/api/v1/import-core?id=k&user=me", packed({triples_record, embeddings_record}));
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response.body(), "");
  const auto seen = services_.take();
  ASSERT_EQ(seen.size(), 4u);
  json::object request{{"operation", "put-kg-core"},
                       {"user", "me"},
                       {"id", "k"},
                       {"flow", nullptr},
                       {"collection", "default"},
                       {"triples", json::parse(triples)},
                       {"graph_embeddings", nullptr}};
  EXPECT_EQ(seen[0].payload, request);
  request["triples"] = nullptr;
  request["graph_embeddings"] = json::parse(embeddings);
  EXPECT_EQ(seen[2].payload, request);
}

TEST_F(Cores, AFailedImportEndsInSilence) {
  for (const std::string& body : {packed({R"(["odd", {}])", triples_record}), packed({"5"}),
                                  packed({R"(["t", 1])"}), std::string("\xC1")}) {
    const auto response = post("/api/v1/import-core?id=k&user=me", body);
    EXPECT_EQ(response.result_int(), 200u);
    EXPECT_EQ(response.body(), "");
  }
  EXPECT_TRUE(services_.take().empty());
}

TEST_F(Cores, ExportsEveryRecord) {
  services_.line_up_all(
      {}, {answer(triples, "null", false), answer("null", embeddings, false), answer("null", "null", true)});
  const auto response = get("/api/v1/export-core?id=k&user=me");
  EXPECT_EQ(response[boost::beast::http::field::content_type], "application/octet-stream");
  EXPECT_EQ(response.body(), packed({triples_record, embeddings_record}));
  const auto request = services_.take().at(0).payload;
  EXPECT_EQ(request.at("operation"), "get-kg-core");
  EXPECT_EQ(request.at("user"), "me");
  EXPECT_EQ(request.at("id"), "k");
}

TEST_F(Cores, AFailedExportSaysWhy) {
  services_.line_up({}, {{"error", {{"type", "t"}, {"message", "m"}}}});
  const auto response = get("/api/v1/export-core?id=k&user=me");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(json::parse(response.body()), json::parse(R"({"error": {"type": "t", "message": "m"}})"));
}

TEST_F(Cores, KnowledgeWithoutMetadataIsAnError) {
  services_.line_up({}, answer(R"({"metadata": null, "triples": []})", "null", false));
  const auto response = json::parse(get("/api/v1/export-core?id=k&user=me").body());
  EXPECT_EQ(response.at("error").at("type"), "gateway-error");
}

TEST_F(Cores, NeedIdAndUser) {
  EXPECT_EQ(json::parse(get("/api/v1/export-core?user=u").body()), json::parse(R"({"error": "'id'"})"));
  EXPECT_EQ(json::parse(post("/api/v1/import-core?id=k", "").body()), json::parse(R"({"error": "'user'"})"));
}

}  // namespace
}  // namespace omnibus::gateway
