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

}  // namespace
}  // namespace omnibus
