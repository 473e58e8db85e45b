#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <omnibus/error.hpp>

#include "services/prompt/schema.hpp"
#include "services/prompt/tests/lines.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::parse;

TEST(Schema, RefusesInTheRecordedWords) {
  std::size_t accepted = 0, refused = 0;
  for (const auto& line : lines_of("schema.jsonl")) {
    const auto failure = schema_failure(line.at("schema"), line.at("instance"));
    const auto& error = line.at("error");
    EXPECT_EQ(failure.has_value(), error.is_string()) << boost::json::serialize(line);
    if (error.is_string()) {
      EXPECT_EQ(failure.value_or(""), error.as_string());
    }
    ++(error.is_string() ? refused : accepted);
  }
  EXPECT_EQ(accepted, 5u);
  EXPECT_EQ(refused, 32u);
}

TEST(Schema, MustBeOne) {
  for (const char* schema : {"[1]", R"({"type": "nosuch"})", R"({"required": 5})", R"({"pattern": "("})"}) {
    EXPECT_THROW((void)schema_failure(parse(schema), parse(R"("text")")), ConfigError) << schema;
  }
}

TEST(Schema, MatchesNoTextThatIsTooLongForAPattern) {
  const auto schema = parse(R"({"properties": {"a": {"pattern": "^(a|b)*$"}}})");
  const boost::json::value instance{{"a", std::string(1'000'000, 'a')}};
  EXPECT_EQ(schema_failure(schema, instance), "a text is too long to be matched with a pattern");
}

TEST(Schema, RefersToNothingOutside) {
  for (const char* reference : {"http://localhost/schema", "file:///etc/passwd", "#/nosuch", "#name", ""}) {
    const boost::json::value schema{{"properties", {{"a", {{"$ref", reference}}}}}};
    EXPECT_THROW((void)schema_failure(schema, 1), ConfigError) << reference;
  }
}

TEST(Schema, DoesNotGoRoundAtOnePlace) {
  for (
      const char* schema :
      {R"({"$ref": "#"})", R"({"allOf": [{"$ref": "#"}]})", R"({"not": {"anyOf": [{"$ref": "#"}]}})",
       R"({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}})",
       R"({"properties": {"x": {"allOf": [{"$ref": "#/properties/x"}]}}})"}) {
    EXPECT_THROW((void)schema_failure(parse(schema), parse(R"({"x": 1})")), ConfigError) << schema;
  }
}

TEST(Schema, DescribesTrees) {
  const auto schema =
      parse(R"({"type": "object", "properties": {"sons": {"type": "array", "items": {"$ref": "#"}}}})");
  EXPECT_EQ(schema_failure(schema, parse(R"({"sons": [{"sons": []}, {"sons": [{}]}]})")), std::nullopt);
  const auto failure =
      schema_failure(schema, parse(R"({"sons": [{"sons": []}, {"sons": [7]}]})")).value_or("");
  EXPECT_EQ(failure.substr(0, failure.find('\n')), "7 is not of type 'object'");
  EXPECT_NE(failure.find("On instance['sons'][1]['sons'][0]:"), std::string::npos) << failure;
}

}  // namespace
}  // namespace omnibus::prompt
