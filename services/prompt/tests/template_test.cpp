#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <omnibus/error.hpp>

#include "services/prompt/template/template.hpp"
#include "services/prompt/tests/lines.hpp"

namespace omnibus::prompt {
namespace {

std::string refusal_of(const std::string& text, const boost::json::object& terms = {}) {
  try {
    return "rendered: " + Template(text).render(terms);
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(Template, RendersAsRecorded) {
  std::size_t rendered = 0, refused = 0;
  for (const auto& line : lines_of("template.jsonl")) {
    const std::string text(line.at("template").as_string());
    if (const auto* error = line.if_contains("error")) {
      EXPECT_EQ(refusal_of(text), error->as_string()) << text;
      ++refused;
    } else {
      EXPECT_EQ(Template(text).render(line.at("terms").as_object()), line.at("text").as_string()) << text;
      ++rendered;
    }
  }
  EXPECT_EQ(rendered, 29u);
  EXPECT_EQ(refused, 12u);
}

TEST(Template, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(refusal_of("a\nb\n{% if x %}\n"),
            "Template 'UNIDENTIFIED', line 3: Unexpected end of template, 'endif' is missing.");
  EXPECT_EQ(refusal_of("{% if x %}\n{% endfor %}"),
            "Template 'UNIDENTIFIED', line 2: Unexpected 'endfor' tag, 'endif' comes first.");
}

TEST(Template, RefusesValuesThatDoNotFit) {
  EXPECT_EQ(refusal_of("{{x|upper}}", {{"x", 1}}),
            "Template 'UNIDENTIFIED', line 1: Error applying filter 'upper': this takes text.");
  EXPECT_EQ(refusal_of("{{nope()}}"),
            "Template 'UNIDENTIFIED', line 1: Error calling function 'nope': there is no such function.");
  EXPECT_EQ(refusal_of("{% if x < 'a' %}{% endif %}", {{"x", 1}}),
            "Template 'UNIDENTIFIED', line 1: values of these types have no order");
  EXPECT_EQ(refusal_of("{% for a, b in x %}{% endfor %}", {{"x", {1, 2}}}),
            "Template 'UNIDENTIFIED', line 1: Unpacking error.");
}

TEST(Template, RefusesBlocksNestedWithoutEnd) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "{% if x %}";
  EXPECT_EQ(refusal_of(text), "Template 'UNIDENTIFIED', line 1: Blocks within blocks, too deep.");
  text = "{% if x %}";
  for (int i = 0; i < 10'000; ++i) text += "{% elif x %}";
  EXPECT_EQ(refusal_of(text), "Template 'UNIDENTIFIED', line 1: Too many 'elif' tags.");
}

TEST(Template, EndsWithoutCrashOnEveryCutOfATemplate) {
  const std::string whole =
      "{% for a, b in x.items() %}{{a|join(', ')|upper}}{# c #}{$ b ?? 'q' :: [1, {'k': 2}] $}{% endfor %}"
      "{% if not a in b and c == 'd' %}{% elif x %}{% else %}{% endif %}{% with q = (1, 2) & z = a %}{% "
      "endwith %}";
  for (std::size_t begin = 0; begin < whole.size(); begin += 7) {
    for (std::size_t end = begin; end <= whole.size(); ++end) {
      EXPECT_FALSE(refusal_of(whole.substr(begin, end - begin), {{"x", {{"k", {"v"}}}}}).empty());
    }
  }
}

}  // namespace
}  // namespace omnibus::prompt
