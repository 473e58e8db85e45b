#include <signal.h>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/omnibus.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;

class Up : public testing::Test {
 protected:
  Process start() {
    return {{"up", "--port", "0", "--address", "127.0.0.1", "--metrics-port", "0"},
            folder_.path() / "up.log",
            {"XDG_STATE_HOME=" + folder_.path().string(), "PUBSUB_URL=", "PUBSUB_BACKEND="}};
  }
  static std::string port_of(const Process& up) {
    const auto url = up.printed_after("gateway  http://");
    return url.substr(url.rfind(':') + 1);
  }
  std::filesystem::path advertised() const { return folder_.path() / "omnibus" / "url"; }

  Folder folder_;
};

TEST_F(Up, RunsEverythingAndFindsItAgain) {
  {
    auto up = start();
    const auto port = port_of(up);
    expect_success(post(port, "/api/v1/config",
                        {{"operation", "put"}, {"values", {{{"type", "t"}, {"key", "k"}, {"value", "v"}}}}}));
    EXPECT_EQ(post(port, "/api/v1/flow", {{"operation", "list-flows"}}).at("flow-ids"), boost::json::array{});
    EXPECT_EQ(post(port, "/api/v1/librarian", {{"operation", "list-documents"}, {"user", "u"}}),
              boost::json::value({{"document-metadatas", boost::json::array{}}}));
    EXPECT_EQ(post(port, "/api/v1/knowledge", {{"operation", "list-kg-cores"}, {"user", "u"}}),
              boost::json::value({{"ids", boost::json::array{}}}));
    EXPECT_TRUE(std::filesystem::exists(advertised()));
    up.signal(SIGINT);
    EXPECT_EQ(up.wait(20s), 0) << up.output();
    EXPECT_FALSE(std::filesystem::exists(advertised()));
  }
  auto again = start();
  const auto whole = post(port_of(again), "/api/v1/config", {{"operation", "config"}});
  EXPECT_EQ(whole.at("version").as_int64(), 1);
}

TEST_F(Up, SharesItsQueuesWithOtherProcesses) {
  auto up = start();
  expect_success(post(port_of(up), "/api/v1/config",
                      {{"operation", "put"}, {"values", {{{"type", "t"}, {"key", "k"}, {"value", "v"}}}}}));
  auto bus = connect("embedded://" + (folder_.path() / "omnibus").string());
  EXPECT_TRUE(bus.statistics(QueueName::parse("q0/tg/request/config")).subscriptions.contains("config-svc"));
}

struct BadUsage {
  std::vector<std::string> arguments;
  std::string text;
};

class BadUsageTest : public testing::TestWithParam<BadUsage> {};

TEST_P(BadUsageTest, EndsWithStatusTwoAndOneLine) {
  const Folder folder;
  Process process(GetParam().arguments, folder.path() / "log",
                  {"XDG_STATE_HOME=" + folder.path().string(), "OPENAI_TOKEN="});
  EXPECT_EQ(process.wait(20s), 2) << process.output();
  EXPECT_NE(process.output().find(GetParam().text), std::string::npos) << process.output();
}

INSTANTIATE_TEST_SUITE_P(
    Services, BadUsageTest,
    testing::Values(
        BadUsage{
            {"chunker-recursive", "--pubsub-url", "embedded://", "--no-metrics", "-z", "100", "-v", "100"},
            "chunk-overlap 100 is not below chunk-size 100"},
        BadUsage{{"chunker-recursive", "--pubsub-url", "embedded://", "--no-metrics", "-c", "0"},
                 "--concurrency is 0"},
        BadUsage{{"chunker-token", "--pubsub-url", "embedded://", "--no-metrics"}, "no vocabulary"},
        BadUsage{{"chunker-token", "--pubsub-url", "embedded://", "--no-metrics", "--vocabulary",
                  OMNIBUS_TEST_DATA "/schemas.json"},
                 "schemas.json line 1 does not begin with a token in base64"},
        BadUsage{{"prompt", "--pubsub-url", "embedded://", "--no-metrics", "-c", "0"}, "--concurrency is 0"},
        BadUsage{{"text-completion", "--pubsub-url", "embedded://", "--no-metrics"},
                 "OpenAI API key not specified"},
        BadUsage{
            {"text-completion", "--pubsub-url", "embedded://", "--no-metrics", "-k", "x", "-u", "ftp://x"},
            "--url is 'ftp://x'"},
        BadUsage{{"text-completion", "--pubsub-url", "embedded://", "--no-metrics", "-k", "", "-x", "0"},
                 "--max-output is 0"},
        BadUsage{{"embeddings", "--pubsub-url", "embedded://", "--no-metrics", "--kind", "openai"},
                 "OpenAI API key not specified"},
        BadUsage{{"embeddings", "--pubsub-url", "embedded://", "--no-metrics", "-r", "ftp://x"},
                 "--ollama is 'ftp://x'"},
        BadUsage{{"librarian", "--pubsub-url", "embedded://", "--no-metrics", "--librarian-concurrency", "0"},
                 "--librarian-concurrency is 0"},
        BadUsage{
            {"knowledge", "--pubsub-url", "embedded://", "--no-metrics", "--knowledge-request-queue", "x"},
            "malformed queue name"},
        BadUsage{{"triples-store", "--pubsub-url", "embedded://", "--no-metrics", "--triples-batch", "0"},
                 "--triples-batch is 0"},
        BadUsage{{"triples-query", "--pubsub-url", "embedded://", "--no-metrics", "-c", "0"},
                 "--concurrency is 0"},
        BadUsage{{"metering", "--pubsub-url", "embedded://", "--no-metrics", "--metering-models", "-1"},
                 "--metering-models is -1"},
        BadUsage{{"config-svc", "--pubsub-url", "nosuch://x", "--no-metrics"}, "nosuch"},
        BadUsage{{"config-svc", "--no-such-flag"}, "no-such-flag"},
        BadUsage{{"flow-svc", "--pubsub-url", "embedded://", "--no-metrics", "--flow-grace", "soon"},
                 "flow-grace"}));

}  // namespace
}  // namespace omnibus::integration
