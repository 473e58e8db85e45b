#include "services/flow/parameters.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/error.hpp>

namespace omnibus::flow {
namespace {

TEST(FlowParameters, EqualEveryRecordedCase) {
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/flow_parameters.jsonl");
  std::size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto recorded = boost::json::parse(line);
    SCOPED_TRACE(std::string(recorded.at("case").as_string()));
    const auto& types = recorded.at("parameter_types").as_object();
    const auto lookup = [&](std::string_view name) -> std::optional<std::string> {
      const auto* found = types.if_contains(name);
      if (found == nullptr) return std::nullopt;
      return boost::json::serialize(*found);
    };
    const auto resolve = [&] {
      return resolve_parameters(recorded.at("blueprint").as_object(), lookup,
                                recorded.at("user").as_object());
    };
    if (const auto* message = recorded.as_object().if_contains("message")) {
      try {
        resolve();
        ADD_FAILURE() << "resolved";
      } catch (const Error& error) {
        EXPECT_EQ(error.message(), message->as_string());
      }
      continue;
    }
    boost::json::object resolved;
    for (const auto& [name, value] : resolve()) resolved[name] = value;
    EXPECT_EQ(boost::json::serialize(resolved), boost::json::serialize(recorded.at("resolved")));
  }
  EXPECT_EQ(cases, 7u);
}

TEST(FlowParameters, ControlledOnesPreferTheirOwnDefault) {
  const auto blueprint =
      boost::json::parse(R"({"parameters":{"a":{"type":"x"},"b":{"type":"d","controlled-by":"a"}}})")
          .as_object();
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "d") return R"({"default": 7})";
    return std::nullopt;
  };
  EXPECT_EQ(resolve_parameters(blueprint, lookup, {{"a", "1"}}), (Parameters{{"a", "1"}, {"b", "7"}}));
}

TEST(FlowParameters, SayWhatIsMalformed) {
  const auto none = [](std::string_view) { return std::nullopt; };
  const auto broken = [](std::string_view) { return std::optional<std::string>("{"); };
  const auto blueprint = boost::json::parse(R"({"parameters":{"a":{"type":"x"}}})").as_object();
  EXPECT_THROW(resolve_parameters(blueprint, broken, {}), ConfigError);
  EXPECT_THROW(resolve_parameters({{"parameters", 3}}, none, {}), ConfigError);
  EXPECT_THROW(resolve_parameters({{"parameters", {{"a", 1}}}}, none, {}), ConfigError);
}

TEST(FlowSubstitution, ReplacesInOrderAndLeavesUnknownPlaceholders) {
  EXPECT_EQ(substitute("{blueprint}/{id}/{id}/{x}/{y}", "b", "f", {{"x", "1"}}), "b/f/f/1/{y}");
  EXPECT_EQ(substitute("{x}", "b", "f", {{"x", "{y}"}, {"y", "2"}}), "2");
  EXPECT_EQ(substitute("{y}", "b", "f", {{"x", "1"}, {"y", "{x}"}}), "{x}");
  EXPECT_EQ(substitute("{x}", "b", "f", {{"x", "{x}{x}"}}), "{x}{x}");
}

}  // namespace
}  // namespace omnibus::flow
