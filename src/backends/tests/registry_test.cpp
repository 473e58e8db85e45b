#include "backends/registry.hpp"

#include <gmock/gmock.h>

#include <omnibus/bus.hpp>

namespace omnibus {
namespace {

using testing::HasSubstr;

std::string failure_of(std::string_view url) {
  try {
    connect(url);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no ConfigError";
}

TEST(Registry, ListsTheKnownSchemesForAnUnknownOne) {
  const std::string text = failure_of("zeromq://localhost");
  EXPECT_THAT(text, HasSubstr("zeromq"));
  EXPECT_THAT(text, HasSubstr("embedded, pulsar"));
}

TEST(Registry, SuggestsTheNearScheme) {
  EXPECT_THAT(failure_of("embeded://"), HasSubstr("did you mean embedded://"));
}

TEST(Registry, SaysWhenABackendIsNotPartOfTheBuild) {
  EXPECT_THAT(failure_of("kafka://localhost:9092"), HasSubstr("not part of this build"));
}

TEST(Registry, RefusesTextThatIsNoUrl) {
  EXPECT_THAT(failure_of("localhost:6650"), HasSubstr("\"://\" is missing"));
}

TEST(Registry, SchemesAreUnique) {
  for (const auto& a : backends::known()) {
    EXPECT_EQ(std::count_if(backends::known().begin(), backends::known().end(),
                            [&](const auto& b) { return a.scheme == b.scheme; }),
              1)
        << a.scheme;
  }
}

std::string failure_of_name(std::string_view backend) {
  try {
    return backends::native_name(backend, topic("x"));
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(Registry, NamesAQueueAsItsBrokerDoes) {
  EXPECT_EQ(backends::native_name("embedded", topic("x", Qos::exactly_once)), "q2/tg/flow/x");
  EXPECT_EQ(backends::native_name("pulsar", topic("x")), "persistent://tg/flow/x");
  EXPECT_EQ(backends::native_name("pulsar+ssl", topic("x", Qos::best_effort)), "non-persistent://tg/flow/x");
}

TEST(Registry, SaysWhoseNamesItDoesNotHave) {
  EXPECT_THAT(failure_of_name("zeromq"), HasSubstr("unknown backend \"zeromq\""));
  for (const auto& entry : backends::known()) {
    if (entry.native_name != nullptr) continue;
    EXPECT_THAT(failure_of_name(entry.scheme), HasSubstr("not part of this build")) << entry.scheme;
    if (entry.name.empty()) continue;
    EXPECT_THAT(failure_of_name(entry.name), HasSubstr("not part of this build")) << entry.name;
  }
}

TEST(Registry, EveryBuiltBackendNamesItsQueues) {
  for (const auto& entry : backends::known()) {
    EXPECT_TRUE(entry.open == nullptr || entry.native_name != nullptr) << entry.scheme;
  }
}

}  // namespace
}  // namespace omnibus
