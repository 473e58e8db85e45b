#include "services/text_completion/model.hpp"

#include <gtest/gtest.h>

#include "services/http/tests/server.hpp"
#include "services/text_completion/tests/piece.hpp"

namespace omnibus::text_completion {
namespace {

using http::always, http::answer, http::cut_events, http::events, http::Server;

constexpr const char* hello = R"({"choices": [{"message": {"content": "hello"}}]})";

Question question_of(Models& models, bool streaming = false) {
  auto out = models.question(std::nullopt, std::nullopt);
  out.streaming = streaming;
  return out;
}

std::string text_from(http::Address address) {
  Models models(std::move(address));
  return models.ask(question_of(models), {}).text.value_or("none");
}

TEST(Models, AskOverHttp) {
  const Server server(always({answer("200 OK", hello)}));
  EXPECT_EQ(text_from({.url = server.url() + "/", .key = "sesame"}), "hello");
  ASSERT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(server.seen()[0].target, "/v1/chat/completions");
  EXPECT_EQ(server.seen()[0].authorization, "Bearer sesame");
}

TEST(Models, TellOfGarbage) {
  const Server server(always({answer("200 OK", "garbage")}));
  EXPECT_THROW((void)text_from({.url = server.url(), .key = "k"}), ProtocolError);
}

TEST(Models, PassPiecesOnAsTheyCome) {
  const Server server(always(events({piece("a"), piece("b"), "[DONE]"})));
  Models models({.url = server.url(), .key = "k"});
  std::string said;
  models.ask(question_of(models, true), [&](std::string text) { said += text + "|"; }, {});
  EXPECT_EQ(said, "a|b|");
}

TEST(Models, EndAStreamThatIsCutWithAnError) {
  const Server server(always(cut_events({piece("a")})));
  Models models({.url = server.url(), .key = "k"});
  std::string said;
  EXPECT_THROW(models.ask(question_of(models, true), [&](std::string text) { said += text; }, {}), Error);
  EXPECT_EQ(said, "a");
}

TEST(Models, EndAStreamWhosePiecesNobodyTakes) {
  const Server server(always(events({piece("a"), piece("b"), "[DONE]"})));
  Models models({.url = server.url(), .key = "k"});
  EXPECT_THROW(
      models.ask(question_of(models, true), [](const std::string&) { throw TimeoutError("enough"); }, {}),
      TimeoutError);
}

TEST(Models, AreAskedAsTheFlowSays) {
  const Models models({.url = "http://x", .key = "k"}, {.model = "default", .temperature = 0.5});
  EXPECT_EQ(models.question(std::nullopt, std::nullopt).model, "default");
  EXPECT_EQ(models.question(std::nullopt, std::nullopt).temperature, 0.5);
  EXPECT_EQ(models.question("other", "0.7").model, "other");
  EXPECT_EQ(models.question("other", "0.7").temperature, 0.7);
  for (const char* text : {"", "hot", "[1]", "true"}) {
    EXPECT_THROW((void)models.question(std::nullopt, text), ConfigError) << text;
  }
}

}  // namespace
}  // namespace omnibus::text_completion
