#include <algorithm>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "integration/system.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

class BenchGateway : public testing::Test {
 protected:
  void start_gateway(std::vector<std::string> more = {}) {
    system_.start("config-svc");
    system_.start("gateway", std::move(more));
  }
  /// Runs `omnibus bench gateway` with these flags to its end.
  int run(std::vector<std::string> flags) {
    std::vector<std::string> arguments{"bench", "gateway", "--url", "http://127.0.0.1:" + system_.port()};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    Process bench(arguments, system_.folder() / "bench.log");
    const auto status = bench.wait(60s);
    output_ = bench.output();
    return status.value_or(-1);
  }
  /// What it printed with --json.
  json::value printed() const { return json::parse(output_.substr(output_.find('{'))); }

  System system_;
  std::string output_;
};

TEST_F(BenchGateway, CountsEveryAnswerOverBothProtocols) {
  start_gateway();
  ASSERT_EQ(run({"--requests", "20", "--connections", "1,4", "--json"}), 0) << output_;
  const auto result = printed();
  const auto& runs = result.at("runs").as_array();
  ASSERT_EQ(runs.size(), 4u);
  std::vector<std::string> measured;
  for (const auto& each : runs) {
    measured.push_back(json::serialize(each.at("protocol")) + json::serialize(each.at("connections")));
    EXPECT_EQ(each.at("requests").to_number<int>(), 20);
    EXPECT_EQ(each.at("errors").to_number<int>(), 0);
    EXPECT_GT(each.at("p50_us").to_number<double>(), 0);
    EXPECT_GE(each.at("p99_us").to_number<double>(), each.at("p50_us").to_number<double>());
  }
  EXPECT_EQ(measured,
            (std::vector<std::string>{R"("http"1)", R"("http"4)", R"("websocket"1)", R"("websocket"4)"}));
}

TEST_F(BenchGateway, TellsOfIdleSocketsAndSlowReadersInATable) {
  start_gateway();
  const auto pid = std::to_string(system_.process("gateway").id());
  ASSERT_EQ(run({"--requests", "10", "--connections", "2", "--idle", "20", "--slow-readers", "5",
                 "--slow-requests", "4", "--server-pid", pid}),
            0)
      << output_;
  EXPECT_NE(output_.find("websocket            2         10"), std::string::npos) << output_;
  EXPECT_NE(output_.find("beside slow readers, p99"), std::string::npos) << output_;
  EXPECT_NE(output_.find("idle sockets: 20; the server's memory: "), std::string::npos) << output_;
  EXPECT_NE(output_.find("slow readers: 5; the server's memory: "), std::string::npos) << output_;
}

TEST_F(BenchGateway, ShowsTheTokenOnBothProtocols) {
  start_gateway({"--api-token", "a-secret&"});
  EXPECT_EQ(run({"--requests", "2", "--connections", "1"}), 1);
  EXPECT_NE(output_.find("HTTP 401"), std::string::npos) << output_;
  EXPECT_EQ(run({"--requests", "2", "--connections", "1", "--api-token", "a-secret&"}), 0) << output_;
}

TEST_F(BenchGateway, SaysWhatTheServiceRefused) {
  start_gateway();
  EXPECT_EQ(run({"--requests", "2", "--protocol", "http", "--body", R"({"operation": "fly"})"}), 1);
  EXPECT_NE(output_.find("number 1 of them failed: "), std::string::npos) << output_;
  EXPECT_NE(output_.find("bad-operation"), std::string::npos) << output_;
  EXPECT_EQ(run({"--requests", "2", "--protocol", "websocket", "--service", "nonesuch"}), 1);
  EXPECT_NE(output_.find("nonesuch"), std::string::npos) << output_;
}

struct Refused {
  std::vector<std::string> flags;
  int status;
  std::string text;
};

class BenchGatewayRefuses : public testing::TestWithParam<Refused> {};

TEST_P(BenchGatewayRefuses, WithOneLineThatNamesTheFlag) {
  const Folder folder;
  std::vector<std::string> arguments{"bench", "gateway"};
  arguments.insert(arguments.end(), GetParam().flags.begin(), GetParam().flags.end());
  Process bench(arguments, folder.path() / "log");
  EXPECT_EQ(bench.wait(20s), GetParam().status) << bench.output();
  const auto output = bench.output();
  EXPECT_NE(output.find(GetParam().text), std::string::npos) << output;
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
}

INSTANTIATE_TEST_SUITE_P(
    Flags, BenchGatewayRefuses,
    testing::Values(Refused{{"--url", "http://127.0.0.1:1"}, 3, "no gateway at http://127.0.0.1:1"},
                    Refused{{"--url", "localhost:8088"}, 2, "--url 'localhost:8088' is no address"},
                    Refused{{"--url", "https://localhost"}, 2, "--url 'https://localhost' is no address"},
                    Refused{{"--url", "http://localhost:99999"}, 2, "is no address of a gateway"},
                    Refused{{"--url", "http://localhost/api"}, 2, "is no address of a gateway"},
                    Refused{{"--connections", "1,,2"}, 2, "--connections '1,,2': '' is not between 1"},
                    Refused{{"--connections", "0"}, 2, "'0' is not between 1 and"},
                    Refused{{"--seconds", "0"}, 2, "--seconds takes more than 0"},
                    Refused{{"--requests", "-1"}, 2, "--requests takes 0 or more, not -1"},
                    Refused{{"--body", "hello"}, 2, "--body is no JSON object"},
                    Refused{{"--body", "[]"}, 2, "--body is no JSON object"},
                    Refused{{"--service", "a/b"}, 2, "--service 'a/b' is no name of a service"},
                    Refused{{"--flow", "a b"}, 2, "--flow 'a b' is no name of a flow"},
                    Refused{{"--idle", "-5"}, 2, "--idle: -5 is not between 0 and"},
                    Refused{{"--slow-requests", "0"}, 2, "--slow-requests: 0 is not between 1 and"},
                    Refused{{"--server-pid", "99999999"}, 2, "--server-pid 99999999: there is no such"},
                    Refused{{"--patience", "0"}, 2, "--patience takes more than 0"},
                    Refused{{"surplus"}, 2, "surplus"}));

}  // namespace
}  // namespace omnibus::integration
