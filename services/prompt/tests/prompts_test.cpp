#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <omnibus/error.hpp>

#include "services/prompt/prompts.hpp"
#include "services/prompt/tests/lines.hpp"

namespace omnibus::prompt {
namespace {

using Entries = std::map<std::string, std::string>;

Entries entries_of(const boost::json::object& object) {
  Entries out;
  for (const auto& [key, text] : object) out.emplace(key, text.as_string());
  return out;
}

std::string load_error(const Entries& entries) {
  try {
    const Prompts loaded(entries);
    return "loaded";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

Entries with(const std::string& prompt) { return {{"template-index", R"(["p"])"}, {"template.p", prompt}}; }

void expect_recorded(const boost::json::object& line) {
  const Prompts prompts(entries_of(line.at("config").as_object()));
  const auto& prompt = prompts.find(std::string(line.at("id").as_string()));
  const auto question = prompts.question(prompt, line.at("input").as_object());
  EXPECT_EQ(question.system, line.at("system").as_string());
  EXPECT_EQ(question.prompt, line.at("prompt").as_string());
  try {
    const auto answer = answer_of(prompt, std::string(line.at("llm_reply").as_string()));
    ASSERT_TRUE(line.contains("result")) << answer.text.value_or("") << answer.object.value_or("");
    const auto& result = line.at("result");
    if (result.is_string()) {
      EXPECT_EQ(answer.text, std::string(result.as_string()));
    } else {
      EXPECT_EQ(boost::json::parse(answer.object.value()), result);
    }
    EXPECT_NE(answer.text.has_value(), answer.object.has_value());
  } catch (const Error& error) {
    ASSERT_TRUE(line.contains("message")) << error.what();
    EXPECT_EQ(error.what(), line.at("message").as_string());
  }
}

TEST(Prompts, AnswerAsRecorded) {
  std::size_t cases = 0;
  for (const auto& line : lines_of("prompt.jsonl")) {
    SCOPED_TRACE(line.at("case").as_string().c_str());
    if (const auto* error = line.if_contains("load_error")) {
      EXPECT_EQ(load_error(entries_of(line.at("config").as_object())), error->as_string());
    } else {
      expect_recorded(line);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 11u);
}

TEST(Prompts, AreHelpfulWithoutASystemEntry) {
  for (const auto& system : {Entries{}, Entries{{"system", "no JSON"}}}) {
    auto entries = with(R"({"prompt": "{{x}}"})");
    entries.insert(system.begin(), system.end());
    const Prompts prompts(entries);
    EXPECT_EQ(prompts.question(prompts.find("p"), {{"x", "y"}}).system, "Be helpful.");
  }
}

TEST(Prompts, SayWhichEntryIsWrong) {
  EXPECT_EQ(load_error({{"template-index", R"(["a"])"}}), "the entry 'template.a' is missing");
  EXPECT_EQ(load_error({{"template-index", R"("a")"}}), "the entry 'template-index' is no list");
  EXPECT_EQ(load_error(with(R"({"response-type": "text"})")), "the entry 'template.p' has no text 'prompt'");
  EXPECT_EQ(load_error({{"system", R"("{{")"}}), "Error in system template");
}

TEST(Prompts, NameTheIdThatIsUnknown) {
  const Prompts none;
  const auto refusal = [&](const std::optional<std::string>& id) {
    try {
      (void)none.find(id);
      return std::string("found");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(refusal("zzz"), "'zzz'");
  EXPECT_EQ(refusal(std::nullopt), "None");
}

TEST(Prompts, TakeTheFirstFencedBlock) {
  const Prompts prompts(with(R"({"prompt": "", "response-type": "json"})"));
  const auto object = [&](const char* reply) { return answer_of(prompts.find("p"), reply).object; };
  EXPECT_EQ(object("```\n[1]\n``` and ```json\n[2]\n```"), "[1]");
  EXPECT_EQ(object("x ```json[1]```"), "[1]");
  EXPECT_EQ(object("  {\"n\": 12345678901234567890123}  "), "{\"n\": 12345678901234567890123}");
  EXPECT_THROW((void)object("```json\n[1]"), Error);
}

TEST(Prompts, GiveAJsonTextAsText) {
  const Prompts prompts(with(R"({"prompt": "", "response-type": "json"})"));
  EXPECT_EQ(answer_of(prompts.find("p"), R"("a\nb")").text, "a\nb");
}

TEST(Terms, AreJson) {
  EXPECT_EQ(parse_terms({{"a", "1"}, {"b", R"(["x"])"}}), (boost::json::object{{"a", 1}, {"b", {"x"}}}));
  EXPECT_THROW((void)parse_terms({{"a", "no"}}), ConfigError);
}

}  // namespace
}  // namespace omnibus::prompt
