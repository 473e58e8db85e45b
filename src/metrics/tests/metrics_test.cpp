#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <omnibus/error.hpp>
#include <omnibus/metrics.hpp>

namespace omnibus {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CounterGetsTheSuffixOnce) {
  Metrics metrics;
  metrics.counter("producer_count", "Output items produced", {{"name", "out"}}).add();
  metrics.counter("bytes_total", "Bytes").add(3);
  EXPECT_THAT(metrics.text(), HasSubstr("# HELP producer_count_total Output items produced\n"
                                        "# TYPE producer_count_total counter\n"
                                        "producer_count_total{name=\"out\"} 1"));
  EXPECT_THAT(metrics.text(), HasSubstr("\nbytes_total 3"));
}

TEST(Metrics, SameNameAndLabelsAreOneSeries) {
  Metrics metrics;
  auto& first = metrics.counter("hits", "Hits", {{"a", "1"}});
  auto& second = metrics.counter("hits", "Hits", {{"a", "1"}});
  auto& other = metrics.counter("hits", "Hits", {{"a", "2"}});
  first.add();
  EXPECT_EQ(&first, &second);
  EXPECT_EQ(second.value(), 1);
  EXPECT_EQ(other.value(), 0);
}

TEST(Metrics, CopiesShareTheRegistry) {
  Metrics metrics;
  Metrics copy = metrics;
  copy.gauge("depth", "Depth").set(7);
  EXPECT_THAT(metrics.text(), HasSubstr("depth 7"));
}

TEST(Metrics, HistogramCountsInBuckets) {
  Metrics metrics;
  auto& latency = metrics.histogram("request_latency", "Request latency (seconds)", {{"flow", "demo"}});
  latency.observe(.006);
  latency.observe(100);
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("request_latency_count{flow=\"demo\"} 2"));
  EXPECT_THAT(text, HasSubstr("request_latency_bucket{flow=\"demo\",le=\"0.01\"} 1"));
  EXPECT_THAT(text, HasSubstr("request_latency_bucket{flow=\"demo\",le=\"+Inf\"} 2"));
}

TEST(Metrics, StateSetHasOneCurrentState) {
  Metrics metrics;
  const auto set = [&](std::string_view current) {
    metrics.state("consumer_state", "Consumer state", {{"name", "in"}}, {"stopped", "running"}, current);
  };
  set("stopped");
  set("running");
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("consumer_state{consumer_state=\"running\",name=\"in\"} 1"));
  EXPECT_THAT(text, HasSubstr("consumer_state{consumer_state=\"stopped\",name=\"in\"} 0"));
}

TEST(Metrics, InfoShowsSettingsButNoSecrets) {
  Metrics metrics;
  metrics.info("processor", "Processor configuration",
               {{"processor", "p"}, {"chunk-size", "100"}, {"pulsar-api-key", "hush"}});
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("processor_info{chunk_size=\"100\",processor=\"p\",pulsar_api_key=\"***\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
}

TEST(Metrics, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.gauge("g", "G", {{"name", "a\"b\\c\nd"}}).set(1);
  EXPECT_THAT(metrics.text(), HasSubstr(R"(g{name="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, BadNamesAreConfigErrors) {
  Metrics metrics;
  metrics.gauge("taken", "");
  EXPECT_THROW(metrics.gauge("no spaces", ""), ConfigError);
  EXPECT_THROW(metrics.gauge("ok", "", {{"no-dash", ""}}), ConfigError);
  EXPECT_THROW(metrics.histogram("taken", ""), ConfigError);
  EXPECT_THROW(metrics.histogram("falling", "", {}, {2, 1}), ConfigError);
}

TEST(Metrics, ThreadsCountTogether) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([metrics]() mutable {
        for (int n = 0; n < 1000; ++n) metrics.counter("together", "").add();
      });
    }
  }
  EXPECT_EQ(metrics.counter("together", "").value(), 4000);
}

}  // namespace
}  // namespace omnibus
