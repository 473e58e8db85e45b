// Replays what a real gateway and a real configuration and flow service answered.

#include <fstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"

namespace omnibus::integration {
namespace {

/// Cases whose answer differs on purpose: name, our answer, why.
struct Deviation {
  const char* name;
  const char* answer;
  const char* why;
};
constexpr Deviation deviations[] = {
    {"get missing flow", R"({"error": {"type": "flow-error", "message": "Flow ID invalid"}})",
     "the recorded text is the complaint of a JSON parser about a value that is not there"},
};

bool belongs_here(const boost::json::object& line) {
  if (line.at("kind").as_string() != "http" || line.at("run").as_string() != "noauth") return false;
  if (line.at("method").as_string() != "POST" || !line.contains("body") || line.at("body").is_null())
    return false;
  const std::string path(line.at("path").as_string());
  return path == "/api/v1/config" || path == "/api/v1/flow";
}

TEST(Scenario, ConfigurationAndFlowsAnswerAsRecorded) {
  System system;
  system.start_all();
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/scenario.jsonl");
  std::size_t replayed = 0;
  for (std::string line; std::getline(file, line);) {
    const auto recorded = boost::json::parse(line).as_object();
    if (!belongs_here(recorded)) continue;
    const std::string name(recorded.at("name").as_string());
    auto expected = recorded.at("response");
    for (const auto& deviation : deviations) {
      if (name == deviation.name) expected = boost::json::parse(deviation.answer);
    }
    const auto answer =
        post(system.port(), std::string(recorded.at("path").as_string()), recorded.at("body"));
    EXPECT_EQ(answer, expected) << name << "\n  got      " << answer << "\n  expected " << expected;
    ++replayed;
  }
  EXPECT_GE(replayed, 25u);
}

}  // namespace
}  // namespace omnibus::integration
