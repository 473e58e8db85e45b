#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "settings/tests/environment.hpp"

namespace omnibus {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class ConnectTest : public testing::Test {
 protected:
  ConnectTest() { environment_.set("XDG_STATE_HOME", state_.string()); }
  ~ConnectTest() override {
    ::unsetenv("XDG_STATE_HOME");
    std::filesystem::remove_all(state_);
  }

  std::string failure(const std::vector<std::string>& arguments) {
    try {
      (void)connect(parsed(arguments));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  CleanEnvironment environment_;
  const std::filesystem::path state_ =
      std::filesystem::path(testing::TempDir()) / ("omnibus-settings-" + std::to_string(::getpid()));
};

TEST_F(ConnectTest, OpensTheBusThatWasAskedFor) {
  const auto bus = connect(parsed({"--pubsub-url", "embedded://", "--json-nulls", "emit"}));
  EXPECT_EQ(bus.backend(), "embedded");
  EXPECT_EQ(bus.options().nulls, Nulls::emit);
}

TEST_F(ConnectTest, WithoutABrokerItTellsWhatNeedsNone) {
  EXPECT_THAT(failure({"--pubsub-url", "pulsar://127.0.0.1:1"}),
              AllOf(AnyOf(HasSubstr("127.0.0.1:1"), HasSubstr("pulsar")),
                    HasSubstr("embedded:///DIRECTORY needs no broker"), Not(HasSubstr("omnibus up"))));
}

TEST_F(ConnectTest, TellsTheUrlOfAnUpThatRunsHere) {
  std::filesystem::create_directories(state_ / "omnibus");
  std::ofstream(state_ / "omnibus" / "url") << "embedded:///var/x\n";
  EXPECT_THAT(failure({"--pubsub-url", "pulsar://127.0.0.1:1"}),
              HasSubstr("an omnibus up runs here: --pubsub-url embedded:///var/x"));
}

TEST_F(ConnectTest, KeepsTheStateDirectoryToItsOwner) {
  const auto directory = state_ / "omnibus";
  const auto bus = connect(parsed({"--pubsub-backend", "embedded"}));
  EXPECT_EQ(std::filesystem::status(directory).permissions(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(std::filesystem::exists(directory / "log"));
}

TEST_F(ConnectTest, LeavesOtherErrorsAlone) {
  EXPECT_THAT(failure({"--pubsub-url", "embedded://?nonesuch=1"}),
              AllOf(HasSubstr("nonesuch"), Not(HasSubstr("needs no broker"))));
}

}  // namespace
}  // namespace omnibus
