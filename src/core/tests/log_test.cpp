#include <omnibus/log.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace omnibus::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

class Log : public testing::Test {
 protected:
  void TearDown() override {
    set_handler({});
    set_level(Level::info);
    set_id("omnibus");
  }
};

TEST_F(Log, WritesOneLineWithTimeIdAndLevel) {
  set_id("chunker");
  testing::internal::CaptureStderr();
  write(Level::critical, "first\r\nsecond");
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, MatchesRegex("[0-9-]+ [0-9:]+,[0-9]+ - chunker - CRITICAL - first\\\\r\\\\nsecond\n"));
}

TEST_F(Log, DropsWhatIsBelowItsLevel) {
  std::vector<std::string> seen;
  set_handler([&](Level level, std::string_view message) {
    seen.push_back(std::string(to_string(level)) + " " + std::string(message));
  });
  write(Level::debug, "a");
  write(Level::info, "b");
  set_level(Level::error);
  EXPECT_FALSE(enabled(Level::warning));
  EXPECT_TRUE(enabled(Level::error));
  write(Level::warning, "c");
  write(Level::error, "d");
  set_level(Level::debug);
  write(Level::debug, "e");
  EXPECT_THAT(seen, ElementsAre("INFO b", "ERROR d", "DEBUG e"));
}

TEST_F(Log, AnEmptyHandlerBringsStandardErrorBack) {
  set_handler([](Level, std::string_view) {});
  set_handler({});
  testing::internal::CaptureStderr();
  write(Level::warning, "here again");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("omnibus - WARNING - here again"));
}

TEST_F(Log, AHandlerThatThrowsHurtsNobody) {
  set_handler([](Level, std::string_view) { throw std::runtime_error("full"); });
  write(Level::error, "lost");
  SUCCEED();
}

}  // namespace
}  // namespace omnibus::log
