#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include <omnibus/raw.hpp>

#include "services/gateway/status/error_log.hpp"
#include "services/gateway/status/report.hpp"
#include "services/gateway/status/survey.hpp"
#include "services/gateway/status/traffic.hpp"
#include "services/gateway/status/watched.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using testing::SizeIs;
using testing::StartsWith;

const framework::Configuration one_flow = {
    {"flow",
     {{"f", R"({"description": "d", "blueprint-name": "b", "interfaces": {
         "prompt": {"request": "q0/tg/request/prompt:f", "response": "q0/tg/response/prompt:f"},
         "text-load": "persistent://tg/flow/load:f", "model": "none", "broken": {"request": "q0/tg/x/y"}}})"},
      {"g", "{"}}},
    {"active-flow",
     {{"chunker", R"({"f": {"input": "q1/tg/flow/load:f", "output": "q1/tg/flow/chunk:f", "size": "100"}})"},
      {"prompt", R"({"f": {"text-completion-request": "q0/tg/request/text-completion:f"}})"},
      {"other", "[]"}}}};

Watched watched() {
  auto result = watch_global({{"config", {.request = "q0/tg/request/mine"}}}, "q2/tg/config/config");
  watch_flows(result, one_flow);
  return result;
}

json::value find(const json::value& list, std::string_view key, std::string_view value) {
  for (const auto& each : list.as_array()) {
    if (each.at({key.data(), key.size()}) == json::string_view(value.data(), value.size())) return each;
  }
  return nullptr;
}

TEST(Traffic, AddsTheSeriesOfAQueueUp) {
  const auto traffic = read_traffic(
      "# TYPE omnibus_sent_total counter\n"
      "omnibus_sent_total{queue=\"q1/tg/flow/a\"} 3\n"
      "omnibus_sent_total{queue=\"q2/tg/flow/a\"} 1e+06\n"
      "omnibus_received_total{queue=\"q1/tg/flow/a\",subscription=\"x,\\\"}=y\"} 2\n"
      "omnibus_received_total{subscription=\"z\",queue=\"q1/tg/flow/a\"} 5\n"
      "omnibus_sent_total{queue=\"q0/tg/flow/a\"} 7\n"
      "omnibus_acked_total{queue=\"q1/tg/flow/a\"} 9\n"
      "omnibus_sent_total{queue=\"no queue\"} 1\n"
      "omnibus_sent_total{queue=\"q1/tg/flow/b\"} many\n"
      "omnibus_sent_total{queue=\"cut");
  ASSERT_THAT(traffic, SizeIs(2));
  EXPECT_EQ(traffic.at("q1/tg/flow/a").sent, 1000003);
  EXPECT_EQ(traffic.at("q1/tg/flow/a").received, 7);
  EXPECT_EQ(traffic.at("q0/tg/flow/a").sent, 7);
  EXPECT_EQ(traffic.at("q0/tg/flow/a").received, std::nullopt);
}

TEST(Traffic, ReadsWhatAProcessCounts) {
  auto bus = connect("embedded://");
  const auto queue = topic("a");
  auto inbox = bus.create_consumer<Raw>(queue, "reader");
  bus.create_producer<Raw>(queue).send({"x"});
  inbox.acknowledge(inbox.receive(seconds(10)));
  const auto traffic = read_traffic(bus.metrics().text());
  EXPECT_EQ(traffic.at("q1/tg/flow/a").sent, 1);
  EXPECT_EQ(traffic.at("q1/tg/flow/a").received, 1);
}

TEST(Traffic, ARateIsTheDifferencePerSecond) {
  EXPECT_EQ(rate(10, 30, seconds(4)), 5);
  EXPECT_EQ(rate(std::nullopt, 8, seconds(2)), 4);
  EXPECT_EQ(rate(8, std::nullopt, seconds(2)), std::nullopt);
  EXPECT_EQ(rate(8, 9, seconds(0)), std::nullopt);
}

TEST(ErrorLog, KeepsTheLastFiftyTheNewestFirst) {
  ErrorLog errors;
  for (int i = 0; i < 60; ++i) errors.note({.text = std::to_string(i)});
  const auto last = errors.last();
  ASSERT_THAT(last, SizeIs(50));
  EXPECT_EQ(last.front().text, "59");
  EXPECT_EQ(last.back().text, "10");
}

TEST(ErrorLog, CutsWhatIsLong) {
  ErrorLog errors;
  errors.note(
      {.request = std::string(1000, 'r'), .text = std::string(299, 'a') + "é" + std::string(1000, 'b')});
  EXPECT_EQ(errors.last().front().text, std::string(299, 'a') + "…");
  EXPECT_EQ(errors.last().front().request, std::string(100, 'r') + "…");
}

TEST(Watched, HasTheServicesAndQueuesOfTheConfiguration) {
  const auto all = watched();
  EXPECT_TRUE(all.configured);
  ASSERT_THAT(all.flows, SizeIs(2));
  EXPECT_EQ(all.flows[0].blueprint, "b");
  EXPECT_FALSE(all.flows[1].readable);
  std::vector<std::string> services;
  for (const auto& each : all.services) services.push_back(each.flow + "/" + each.name);
  EXPECT_THAT(services,
              testing::ElementsAre("/config", "/flow", "/librarian", "/knowledge", "/collection-management",
                                   "f/prompt", "f/text-load", "f/broken"));
  EXPECT_EQ(all.services[0].request, "q0/tg/request/mine");
  EXPECT_EQ(all.services[0].response, "q0/tg/response/config");
  EXPECT_EQ(all.queues.at("q1/tg/flow/load:f").kind, "flow");
  EXPECT_EQ(all.queues.at("q1/tg/flow/chunk:f").kind, "flow");
  EXPECT_EQ(all.queues.at("q0/tg/request/text-completion:f").kind, "request");
  EXPECT_EQ(all.queues.at("q0/tg/response/prompt:f").kind, "response");
  EXPECT_EQ(all.queues.at("q1/tg/config/config").kind, "configuration");
}

class SurveyTest : public testing::Test {
 protected:
  json::object report(const Survey& survey, const TrafficByQueue& traffic = {},
                      const TrafficByQueue* before = nullptr) {
    return to_json({watched_, survey, traffic, before, seconds(2), false});
  }

  const Watched watched_ = watched();
  Bus bus_ = connect("embedded://");
};

TEST_F(SurveyTest, CountsWhatWaitsIsInWorkAndDead) {
  const auto queue = QueueName::parse("q1/tg/flow/load:f");
  auto inbox = bus_.create_consumer<Raw>(queue, "reader", {.window = 1, .max_attempts = 2});
  auto outbox = bus_.create_producer<Raw>(queue);
  for (int i = 0; i < 3; ++i) outbox.send({"x"});
  for (bool last_attempt = false; !last_attempt;) {
    const auto message = inbox.receive(seconds(30));
    last_attempt = message.attempt() == 2;
    inbox.negative_acknowledge(message);
  }
  const auto held = inbox.receive(seconds(30));
  QueueNumbers told;
  while (told.dead_lettered != 1) told = survey(bus_, watched_).queues.at("q1/tg/flow/load:f");
  EXPECT_EQ(told.in_flight, 1u);
  EXPECT_EQ(told.readers, 1u);
  EXPECT_GE(told.redelivered, 1u);
  EXPECT_EQ(*told.waiting + *told.in_flight, 2u);
  EXPECT_EQ(survey(bus_, watched_).why, "");
}

TEST_F(SurveyTest, LooksAtSoManyQueuesAndSaysSo) {
  const auto found = survey(bus_, watched_, 2);
  EXPECT_THAT(found.queues, SizeIs(2));
  EXPECT_EQ(found.why, "only the first 2 queues are looked at");
}

TEST_F(SurveyTest, ABrokerThatIsGoneIsAskedOnce) {
  bus_.close();
  const auto found = survey(bus_, watched_);
  EXPECT_THAT(found.queues, SizeIs(0));
  EXPECT_NE(found.why, "");
}

TEST_F(SurveyTest, AFlowRunsWhenSomebodyReadsForEachOfItsServices) {
  EXPECT_EQ(find(report(survey(bus_, watched_)).at("flows"), "id", "f"),
            json::parse(R"({"id": "f", "description": "d", "blueprint": "b", "state": "incomplete",
                            "unread": ["prompt", "text-load", "broken"]})"));
  std::vector<Consumer<Raw>> readers;
  for (const char* queue : {"q0/tg/request/prompt:f", "q1/tg/flow/load:f", "q0/tg/x/y"}) {
    readers.push_back(bus_.create_consumer<Raw>(QueueName::parse(queue), "reader"));
  }
  const auto flows = report(survey(bus_, watched_)).at("flows");
  EXPECT_EQ(find(flows, "id", "f").at("state"), "running");
  EXPECT_EQ(find(flows, "id", "g").at("state"), "unreadable");
}

TEST_F(SurveyTest, WhatIsNotKnownIsNull) {
  const auto status = report({.queues = {}, .why = "nobody tells"});
  EXPECT_EQ(status.at("not_known"), "nobody tells");
  EXPECT_EQ(find(status.at("flows"), "id", "f").at("state"), "not known");
  EXPECT_EQ(find(status.at("services"), "name", "prompt"),
            json::parse(R"({"name": "prompt", "flow": "f", "request": "q0/tg/request/prompt:f",
                            "response": "q0/tg/response/prompt:f", "readers": null, "waiting": null})"));
  EXPECT_EQ(find(status.at("queues"), "name", "q1/tg/flow/chunk:f"),
            json::parse(R"({"name": "q1/tg/flow/chunk:f", "kind": "flow", "in_per_second": null,
                            "out_per_second": null, "depth": null, "in_flight": null, "redelivered": null,
                            "dead_lettered": null})"));
}

TEST_F(SurveyTest, RatesAreOfTheTimeBetweenTwoReadings) {
  const TrafficByQueue before{{"q1/tg/flow/chunk:f", {.sent = 10, .received = std::nullopt}}};
  const TrafficByQueue now{{"q1/tg/flow/chunk:f", {.sent = 13, .received = 4}}};
  const auto queue = find(report({}, now, &before).at("queues"), "name", "q1/tg/flow/chunk:f");
  EXPECT_EQ(queue.at("in_per_second"), 1.5);
  EXPECT_EQ(queue.at("out_per_second"), 2.0);
  const Survey none;
  const Report whole{watched_, none, now, &before, seconds(2), true};
  EXPECT_EQ(find(to_json(whole).at("queues"), "name", "q1/tg/flow/load:f").at("in_per_second"), 0.0);
  EXPECT_TRUE(find(report({}, now).at("queues"), "name", "q1/tg/flow/chunk:f").at("in_per_second").is_null());
}

}  // namespace
}  // namespace omnibus::gateway
