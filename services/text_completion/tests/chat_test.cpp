#include "services/text_completion/chat.hpp"

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

namespace omnibus::text_completion {
namespace {

using Texts = std::vector<std::string>;

/// Pieces of a stream that arrives in parts of `size` bytes.
Texts pieces_of(const std::string& stream, std::size_t size) {
  Texts out;
  PieceReader reader;
  const auto add = [&](std::string text) { out.push_back(std::move(text)); };
  for (std::size_t at = 0; at < stream.size(); at += size) reader.take(stream.substr(at, size), add);
  reader.finish(add);
  return out;
}

TEST(Chat, WritesTheBodyAsTheExistingServiceDoes) {
  EXPECT_EQ(
      body_of({.model = "m", .temperature = 0.0, .max_output = 7, .text = "s\n\nh\u00e9"}),
      R"({"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "s\n\nh\u00e9"}]}], )"
      R"("temperature": 0.0, "max_tokens": 7})");
  EXPECT_NE(
      body_of({.model = "m", .temperature = 1, .text = "", .streaming = true}).find(R"("stream": true)"),
      std::string::npos);
}

TEST(Chat, ReadsAnAnswer) {
  const auto whole = completion_of(R"({"choices": [{"message": {"content": "hi"}}],
                                       "usage": {"prompt_tokens": 3, "completion_tokens": 1}})");
  EXPECT_EQ(whole.text, "hi");
  EXPECT_EQ(whole.in_token, 3);
  EXPECT_EQ(whole.out_token, 1);
  const auto bare = completion_of(R"({"choices": [{"message": {"content": null}}]})");
  EXPECT_EQ(bare.text, std::nullopt);
  EXPECT_EQ(bare.in_token, std::nullopt);
}

TEST(Chat, RefusesWhatIsNoAnswer) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"choices": 5})", R"({"choices": []})", R"({"choices": [1]})",
        R"({"choices": [{"text": "x"}]})", "{\"choices\": [{\"message\": {\"content\": \"\xff\"}}]}"}) {
    EXPECT_THROW((void)completion_of(body), ProtocolError) << body;
  }
}

TEST(Chat, ReadsAStreamHoweverItIsCut) {
  const std::string stream =
      ": a comment\r\n\r\nevent: x\ndata: {\"choices\": [{\"delta\": {\"role\": \"assistant\"}}]}\n\n"
      "data: {\"choices\": [{\"delta\":\r\ndata:  {\"content\": \"on\"}}]}\r\n\r\n"
      "id: 5\rdata:{\"choices\": [{\"delta\": {\"content\": \"e\\u00e9\"}}]}\r\r"
      "data: {\"choices\": [{\"delta\": {\"content\": \"\"}}]}\n\ndata: {\"choices\": []}\n\ndata: "
      "[DONE]\n\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(pieces_of(stream, size), (Texts{"on", "e\u00e9"})) << size;
  }
}

TEST(Chat, TakesAReasonToFinishForTheEnd) {
  EXPECT_EQ(
      pieces_of("data: {\"choices\": [{\"delta\": {\"content\": \"x\"}, \"finish_reason\": \"stop\"}]}", 5),
      (Texts{"x"}));
}

TEST(Chat, RefusesABrokenStream) {
  EXPECT_THROW((void)pieces_of("data: {\"choices\": [{\"delta\": {\"content\": \"x\"}}]}\n\n", 5),
               ProtocolError)
      << "ended early";
  EXPECT_THROW((void)pieces_of("", 1), ProtocolError);
  EXPECT_THROW((void)pieces_of("<html>\n\n", 1), ProtocolError);
  EXPECT_THROW((void)pieces_of("data: no JSON\n\n", 1), ProtocolError);
  try {
    (void)pieces_of("data: {\"error\": {\"message\": \"overloaded\"}}\n\n", 9);
    FAIL() << "the server told of a failure";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "overloaded");
  }
}

TEST(Chat, RefusesAnEventWithoutEnd) {
  EventStream stream;
  const std::string much(1 << 20, 'x');
  const auto flood = [&] {
    for (int i = 0; i < 17; ++i) stream.take(much, [](std::string_view) {});
  };
  EXPECT_THROW(flood(), ProtocolError);
}

}  // namespace
}  // namespace omnibus::text_completion
