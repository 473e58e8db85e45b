#include "services/text_completion/model.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "services/text_completion/tests/server.hpp"

namespace omnibus::text_completion {
namespace {

using namespace std::chrono_literals;

constexpr const char* hello = R"({"choices": [{"message": {"content": "hello"}}]})";

Server::Script always(std::vector<std::string> bytes) {
  return [bytes = std::move(bytes)](const Server::Request&) { return bytes; };
}

Question question_of(Models& models, bool streaming = false) {
  auto out = models.question(std::nullopt, std::nullopt);
  out.streaming = streaming;
  return out;
}

std::string text_from(Endpoint endpoint) {
  Models models(std::move(endpoint));
  return models.ask(question_of(models), {}).text.value_or("none");
}

/// What the server's bytes lead to when an answer at once is asked for.
Error failure_from(std::vector<std::string> bytes) {
  const Server server(always(std::move(bytes)));
  try {
    return {ErrorCode::internal, "answered " + text_from({.url = server.url(), .key = "k"})};
  } catch (const Error& error) {
    return error;
  }
}

TEST(Models, AskOverHttp) {
  const Server server(always({answer("200 OK", hello)}));
  EXPECT_EQ(text_from({.url = server.url() + "/", .key = "sesame"}), "hello");
  ASSERT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(server.seen()[0].target, "/v1/chat/completions");
  EXPECT_EQ(server.seen()[0].authorization, "Bearer sesame");
}

TEST(Models, ShowNoKeyWhenThereIsNone) {
  const Server server(always({answer("200 OK", hello)}));
  EXPECT_EQ(text_from({.url = server.url(), .key = ""}), "hello");
  EXPECT_EQ(server.seen().at(0).authorization, "");
}

TEST(Models, AskOverTls) {
  const Server server(always({answer("200 OK", hello)}), Server::Kind::tls);
  EXPECT_EQ(text_from({.url = server.url(), .key = "k", .ca_file = server.ca_file()}), "hello");
}

TEST(Models, RefuseACertificateThatNobodyTrusts) {
  const Server server(always({answer("200 OK", hello)}), Server::Kind::tls);
  try {
    FAIL() << text_from({.url = server.url(), .key = "k"});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::authentication) << error.what();
  }
  EXPECT_TRUE(server.seen().empty()) << "the key must not go out";
}

TEST(Models, TellWhyThereIsNoAnswer) {
  EXPECT_EQ(failure_from({answer("429 Too Many Requests", "{}")}).code(), ErrorCode::too_many_requests);
  EXPECT_STREQ(failure_from({answer("500 Oops", "x")}).what(), "Error code: 500 - x");
  EXPECT_STREQ(failure_from({"HTTP/1.1 307 Else\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"}).what(),
               "Error code: 307");
  EXPECT_EQ(failure_from({answer("200 OK", "garbage")}).code(), ErrorCode::protocol);
  EXPECT_EQ(failure_from({"\x01\x02 garbage\r\n\r\n"}).code(), ErrorCode::unavailable);
  EXPECT_EQ(failure_from({}).code(), ErrorCode::unavailable);
  EXPECT_EQ(failure_from({"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", hello}).code(),
            ErrorCode::unavailable);
}

TEST(Models, TellThatNobodyListens) {
  std::string gone;
  {
    const Server server(always({}));
    gone = server.url();
  }
  EXPECT_THROW((void)text_from({.url = gone, .key = "k"}), Error);
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

/// A server that says nothing until this object goes.
struct Silence {
  std::promise<void> over, asked;
  Server server{[this](const Server::Request&) {
    asked.set_value();
    over.get_future().wait();
    return std::vector<std::string>{};
  }};
  ~Silence() { over.set_value(); }
};

TEST(Models, GiveUpWhenTheModelIsSilent) {
  const Silence silence;
  EXPECT_THROW((void)text_from({.url = silence.server.url(), .key = "k", .timeout = 10ms}), TimeoutError);
}

TEST(Models, GiveUpWhenTheServiceStops) {
  Silence silence;
  Models models({.url = silence.server.url(), .key = "k"});
  std::stop_source stop;
  const std::jthread stopping([&] {
    silence.asked.get_future().wait();
    stop.request_stop();
  });
  EXPECT_THROW((void)models.ask(question_of(models), stop.get_token()), ClosedError);
}

TEST(Models, AreAskedAsTheFlowSays) {
  const Models models({.url = "http://x", .key = "k", .model = "default", .temperature = 0.5});
  EXPECT_EQ(models.question(std::nullopt, std::nullopt).model, "default");
  EXPECT_EQ(models.question(std::nullopt, std::nullopt).temperature, 0.5);
  EXPECT_EQ(models.question("other", "0.7").model, "other");
  EXPECT_EQ(models.question("other", "0.7").temperature, 0.7);
  for (const char* text : {"", "hot", "[1]", "true"}) {
    EXPECT_THROW((void)models.question(std::nullopt, text), ConfigError) << text;
  }
}

TEST(Models, RefuseAnEndpointThatIsNone) {
  EXPECT_THROW(Models({.url = "ftp://x", .key = "k"}), ConfigError);
  EXPECT_THROW(Models({.url = "http://x y", .key = "k"}), ConfigError);
  EXPECT_THROW(Models({.url = "http://x", .key = "k\r\nHost: y"}), ConfigError);
}

}  // namespace
}  // namespace omnibus::text_completion
