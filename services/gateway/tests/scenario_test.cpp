// Replays the recorded session of the existing gateway: the same requests must put the same messages on the
// queues and get the same answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>

#include "services/gateway/gateway.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

class Scenario : public testing::Test {
 protected:
  static std::vector<json::object> lines(std::string_view run) {
    std::vector<json::object> result;
    std::ifstream file(OMNIBUS_TEST_DATA "/vectors/scenario.jsonl");
    for (std::string line; std::getline(file, line);) {
      auto parsed = json::parse(line).as_object();
      if (parsed.at("run").as_string().starts_with(json::string_view(run.data(), run.size()))) {
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
    services_.serve("text-completion:demo");
    services_.serve("prompt:demo");
  }

  /// What services say to each other: only the answer to the gateway's own request is asked of us.
  static bool is_between_services(const json::object& line, const json::object& traffic) {
    return line.at("name").as_string().starts_with("prompt") &&
           traffic.at("topic").as_string().find("text-completion") != json::string::npos;
  }

  /// Lines up what the services answered in the recording; what else went over the queues.
  std::vector<QueueMessage> prepare(const json::object& line) {
    std::vector<QueueMessage> expected;
    std::vector<json::value> pushes;
    std::vector<json::value> responses;
    for (const auto& each : line.at("queue_traffic").as_array()) {
      if (is_between_services(line, each.as_object())) continue;
      const std::string queue(each.at("topic").as_string());
      auto payload = json::parse(each.at("json").as_string());
      if (queue == "q2/tg/config/config") {
        pushes.push_back(std::move(payload));
        continue;
      }
      expected.push_back({queue, payload});
      const auto* operation = expected.front().payload.as_object().if_contains("operation");
      const bool whole = operation != nullptr && *operation == "config";
      if (queue.starts_with("q0/tg/response/") && !whole) responses.push_back(std::move(payload));
    }
    if (!responses.empty()) services_.line_up_all(std::move(pushes), std::move(responses));
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
    const auto* closed = line.at("closed").if_object();
    if (closed != nullptr && closed->contains("code")) {
      EXPECT_EQ(WebSocketClient(gateway_->port(), path).read_close(), closed->at("code").as_int64());
      return;
    }
    if (closed != nullptr) {
      EXPECT_THROW(WebSocketClient(gateway_->port(), path), boost::system::system_error);
      return;
    }
    WebSocketClient client(gateway_->port(), path);
    std::jthread injecting;
    for (const auto& message : line.at("sends").as_array()) {
      if (message.is_object())
        client.send(json::serialize(message));
      else if (message.at(0) == "inject")
        injecting = inject(message.as_array());
    }
    for (const auto& expected : line.at("received").as_array()) {
      auto message = json::parse(client.read()).as_object();
      // Ours always tells the id, where there is one, and the completion, and its error is an object.
      if (expected.as_object().contains("error") && !expected.as_object().contains("id")) {
        EXPECT_EQ(message.at("complete"), true);
        EXPECT_EQ(message.at("error").at("type"), "error");
        message["error"] = json::value(message.at("error").at("message"));
        message.erase("id");
        message.erase("complete");
      }
      EXPECT_EQ(message, expected.as_object());
    }
  }

  /// Until it is stopped: an export begins some time after its socket is open.
  std::jthread inject(const json::array& message) {
    return std::jthread([this, queue = std::string(message.at(1).as_string()),
                         text = std::string(message.at(2).as_string())](const std::stop_token& stop) {
      auto producer = bus_.create_producer<Raw>(QueueName::parse(queue));
      for (; !stop.stop_requested(); ++injected_) producer.send({text});
    });
  }

  /// What reached the queues of the flow that `expected` names, or that was injected.
  void collect(const std::vector<QueueMessage>& expected, std::vector<QueueMessage>& seen) {
    const auto injected = injected_.exchange(0);
    for (auto& consumer : stores_) {
      const auto queue = consumer.queue().str();
      auto count = static_cast<std::size_t>(std::count_if(
          expected.begin(), expected.end(), [&](const QueueMessage& each) { return each.queue == queue; }));
      const bool was_injected = count > 0 && injected > 0;
      for (auto left = was_injected ? injected : count; left > 0; --left) {
        const auto message = consumer.receive(std::chrono::seconds(10));
        EXPECT_TRUE(message.properties().empty());
        if (left <= count) seen.push_back({queue, json::parse(message.value().bytes)});
        consumer.acknowledge(message);
      }
      EXPECT_FALSE(consumer.poll(Duration::zero()));
    }
  }

  void replay(const json::object& line) {
    SCOPED_TRACE(std::string(line.at("name").as_string()));
    const auto expected = prepare(line);
    line.at("kind").as_string() == "http" ? replay_http(line) : replay_socket(line);
    auto seen = services_.take();
    collect(expected, seen);
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
  std::array<Consumer<Raw>, 2> stores_ = {
      bus_.create_consumer<Raw>(QueueName::parse("q1/tg/flow/text-load:f1"), "test"),
      bus_.create_consumer<Raw>(QueueName::parse("q1/tg/flow/triples-store:f1"), "test")};
  std::atomic<std::size_t> injected_{0};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(Scenario, WithoutAToken) {
  start("");
  const auto all = lines("noauth");
  EXPECT_EQ(all.size(), 52u);
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
