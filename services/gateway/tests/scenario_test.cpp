// Replays the recorded session of the existing gateway: the same requests must put the same messages on the
// queues and get the same answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <fstream>
#include <set>

#include "services/gateway/gateway.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

/// Lines that need services which this gateway does not reach yet.
const std::set<std::string, std::less<>> later = {"text completion",
                                                  "text completion streaming over http returns last",
                                                  "text completion failure",
                                                  "text completion missing field",
                                                  "prompt text",
                                                  "prompt unknown id",
                                                  "ws flow request",
                                                  "ws streaming",
                                                  "ws service error",
                                                  "import triples",
                                                  "export triples",
                                                  "import kind not in flow"};

class Scenario : public testing::Test {
 protected:
  static std::vector<json::object> lines(std::string_view run) {
    std::vector<json::object> result;
    std::ifstream file(OMNIBUS_TEST_DATA "/vectors/scenario.jsonl");
    for (std::string line; std::getline(file, line);) {
      auto parsed = json::parse(line).as_object();
      const std::string name(parsed.at("name").as_string());
      if (parsed.at("run").as_string().starts_with(json::string_view(run.data(), run.size())) &&
          !later.contains(name)) {
        result.push_back(std::move(parsed));
      }
    }
    return result;
  }

  void start(const std::string& token) {
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.api_token = token;
    gateway_ = std::make_unique<Gateway>(bus_, options);
    gateway_->start();
    while (!gateway_->ready().empty()) std::this_thread::yield();
    services_.take();
  }

  /// Lines up what the services answered in the recording; what else went over the queues.
  std::vector<Traffic> prepare(const json::object& line) {
    std::vector<Traffic> expected;
    std::vector<json::value> pushes;
    for (const auto& each : line.at("queue_traffic").as_array()) {
      const std::string queue(each.at("topic").as_string());
      auto payload = json::parse(each.at("json").as_string());
      if (queue == "q2/tg/config/config") {
        pushes.push_back(std::move(payload));
        continue;
      }
      expected.push_back({queue, payload});
      const auto* operation = expected.front().payload.as_object().if_contains("operation");
      const bool whole = operation != nullptr && *operation == "config";
      if (queue.starts_with("q0/tg/response/") && !whole)
        services_.line_up(std::move(pushes), std::move(payload));
    }
    return expected;
  }

  void replay_http(const json::object& line) {
    HttpClient client(gateway_->port());
    std::string headers;
    for (const auto& [key, value] : line.at("request_headers").as_object()) {
      headers += std::string(key) + ": " + std::string(value.as_string()) + "\r\n";
    }
    const auto* raw = line.if_contains("raw_body");
    const std::string body = raw != nullptr              ? std::string(raw->as_string())
                             : line.at("body").is_null() ? ""
                                                         : json::serialize(line.at("body"));
    const std::string path(line.at("path").as_string());
    client.write(std::string(line.at("method").as_string()) + " " + path + " HTTP/1.1\r\nHost: t\r\n" +
                 headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto response = client.read();
    EXPECT_EQ(response.result_int(), line.at("status").as_int64());
    EXPECT_EQ(std::string(response[boost::beast::http::field::content_type]),
              std::string(line.at("content_type").as_string()));
    if (const auto* text = line.if_contains("response_text")) {
      EXPECT_EQ(response.body(), std::string(text->as_string()));
    } else {
      EXPECT_EQ(json::parse(response.body()), line.at("response")) << response.body();
    }
  }

  void replay_socket(const json::object& line) {
    const std::string path(line.at("path").as_string());
    if (line.at("closed").is_object()) {
      EXPECT_THROW(WebSocketClient(gateway_->port(), path), boost::system::system_error);
      return;
    }
    WebSocketClient client(gateway_->port(), path);
    for (const auto& message : line.at("sends").as_array()) client.send(json::serialize(message));
    for (const auto& expected : line.at("received").as_array()) {
      auto message = json::parse(client.read()).as_object();
      // Ours always tells the id, where there is one, and the completion.
      if (!expected.as_object().contains("id")) {
        EXPECT_EQ(message.at("complete"), true);
        message.erase("id");
        message.erase("complete");
      }
      EXPECT_EQ(message, expected.as_object());
    }
  }

  void replay(const json::object& line) {
    SCOPED_TRACE(std::string(line.at("name").as_string()));
    const auto expected = prepare(line);
    line.at("kind").as_string() == "http" ? replay_http(line) : replay_socket(line);
    auto seen = services_.take();
    for (auto text = loaded_.poll(Duration::zero()); text; text = loaded_.poll(Duration::zero())) {
      EXPECT_TRUE(text->properties().empty());
      seen.push_back({"q1/tg/flow/text-load:f1", json::parse(text->value().bytes)});
      loaded_.acknowledge(*text);
    }
    ASSERT_EQ(seen.size(), expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].queue, expected[i].queue);
      EXPECT_EQ(seen[i].payload, expected[i].payload);
    }
  }

  static Bus make_bus() {
    BusOptions options;
    options.nulls = Nulls::emit;
    return connect("embedded://", options);
  }

  Bus bus_ = make_bus();
  FakeServices services_{bus_};
  Consumer<Raw> loaded_ = bus_.create_consumer<Raw>(QueueName::parse("q1/tg/flow/text-load:f1"), "test");
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(Scenario, WithoutAToken) {
  start("");
  const auto all = lines("noauth");
  EXPECT_EQ(all.size(), 40u);
  for (const auto& line : all) replay(line);
}

TEST_F(Scenario, WithAToken) {
  start("sekret");
  const auto all = lines("auth");
  EXPECT_EQ(all.size(), 5u);
  for (const auto& line : all) replay(line);
}

}  // namespace
}  // namespace omnibus::gateway
