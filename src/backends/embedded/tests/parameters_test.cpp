#include "backends/embedded/parameters.hpp"

#include <gmock/gmock.h>

namespace omnibus::embedded {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Parameters parsed(std::string rest, Extra query = {}) {
  driver::BackendConfig config;
  config.url = "embedded://" + rest;
  config.rest = std::move(rest);
  config.parameters = std::move(query);
  return parse_parameters(config);
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(EmbeddedParameters, TellPrivateNamedAndDurableApart) {
  EXPECT_FALSE(parsed("").durable());
  EXPECT_EQ(parsed("shared").name, "shared");
  EXPECT_EQ(parsed("/var//lib/../x").path, "/var/x");
  EXPECT_TRUE(parsed("/x").durable());
}

TEST(EmbeddedParameters, TakeEveryKnownName) {
  const auto taken = parsed("/x", {{"retention_bytes", "2GiB"},
                                   {"retention_time", "1500ms"},
                                   {"hard_limit", "0"},
                                   {"durability", "group"},
                                   {"lock_wait", "5s"},
                                   {"checkpoint_interval", "0"}});
  EXPECT_EQ(taken.limits.retention_bytes, std::uint64_t{2} << 30);
  EXPECT_EQ(taken.limits.retention_time, 1500);
  EXPECT_EQ(taken.limits.hard_limit, 0u);
  EXPECT_EQ(taken.durability, "group");
  EXPECT_EQ(taken.lock_wait, 5s);
  EXPECT_EQ(taken.checkpoint_interval, 1u);  // never without end
}

TEST(EmbeddedParameters, RefuseWhatNeedsAPathWithoutOne) {
  EXPECT_THAT(refusal([] { parsed("", {{"lock_wait", "1s"}}); }), HasSubstr("with a path also"));
  EXPECT_THAT(refusal([] { parsed("./x"); }), HasSubstr("three slashes"));
  EXPECT_THAT(refusal([] { parsed("a/b"); }), HasSubstr("three slashes"));
}

TEST(EmbeddedParameters, SizesAndTimesHaveUnits) {
  EXPECT_EQ(parse_size("n", "7"), 7u);
  EXPECT_EQ(parse_size("n", "3K"), 3072u);
  EXPECT_EQ(parse_size("n", "1TiB"), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_duration("n", "7d"), 168h);
  for (const char* text :
       {"", "-1", "1.5MiB", "MiB", "1kb", "1 MiB", "99999999TiB", "99999999999999999999"}) {
    EXPECT_THAT(refusal([&] { parse_size("n", text); }), HasSubstr("n=" + std::string(text))) << text;
  }
  for (const char* text : {"", "10", "5 s", "-5s", "9223372037s", "1w"}) {
    EXPECT_THAT(refusal([&] { parse_duration("n", text); }), HasSubstr("n=" + std::string(text))) << text;
  }
}

}  // namespace
}  // namespace omnibus::embedded
