#include "services/http/endpoint.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "services/http/tests/server.hpp"

namespace omnibus::http {
namespace {

using namespace std::chrono_literals;

std::string text_from(Address address) {
  Endpoint endpoint(std::move(address));
  return endpoint.post("/ask", "{}", {});
}

/// What the server's bytes lead to.
Error failure_from(std::vector<std::string> bytes) {
  const Server server(always(std::move(bytes)));
  try {
    return {ErrorCode::internal, "answered " + text_from({.url = server.url(), .key = "k"})};
  } catch (const Error& error) {
    return error;
  }
}

TEST(Endpoint, PostsOverHttp) {
  const Server server(always({answer("200 OK", "hello")}));
  EXPECT_EQ(text_from({.url = server.url() + "/", .key = "sesame"}), "hello");
  ASSERT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(server.seen()[0].target, "/v1/ask");
  EXPECT_EQ(server.seen()[0].authorization, "Bearer sesame");
  EXPECT_EQ(server.seen()[0].body, "{}");
}

TEST(Endpoint, ShowsNoKeyWhenThereIsNone) {
  const Server server(always({answer("200 OK", "hello")}));
  EXPECT_EQ(text_from({.url = server.url(), .key = ""}), "hello");
  EXPECT_EQ(server.seen().at(0).authorization, "");
}

TEST(Endpoint, PostsOverTls) {
  const Server server(always({answer("200 OK", "hello")}), Server::Kind::tls);
  EXPECT_EQ(text_from({.url = server.url(), .key = "k", .ca_file = server.ca_file()}), "hello");
}

TEST(Endpoint, RefusesACertificateThatNobodyTrusts) {
  const Server server(always({answer("200 OK", "hello")}), Server::Kind::tls);
  try {
    FAIL() << text_from({.url = server.url(), .key = "k"});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::authentication) << error.what();
  }
  EXPECT_TRUE(server.seen().empty()) << "the key must not go out";
}

TEST(Endpoint, TellsWhyThereIsNoAnswer) {
  EXPECT_EQ(failure_from({answer("429 Too Many Requests", "{}")}).code(), ErrorCode::too_many_requests);
  EXPECT_STREQ(failure_from({answer("500 Oops", "x")}).what(), "Error code: 500 - x");
  EXPECT_STREQ(failure_from({"HTTP/1.1 307 Else\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"}).what(),
               "Error code: 307");
  EXPECT_EQ(failure_from({"\x01\x02 garbage\r\n\r\n"}).code(), ErrorCode::unavailable);
  EXPECT_EQ(failure_from({}).code(), ErrorCode::unavailable);
  EXPECT_EQ(failure_from({"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "hello"}).code(),
            ErrorCode::unavailable);
}

TEST(Endpoint, TellsThatNobodyListens) {
  std::string gone;
  {
    const Server server(always({}));
    gone = server.url();
  }
  EXPECT_THROW((void)text_from({.url = gone, .key = "k"}), Error);
}

TEST(Endpoint, GivesUpWhenTheServerIsSilent) {
  const Silence silence;
  EXPECT_THROW((void)text_from({.url = silence.server.url(), .key = "k", .timeout = 10ms}), TimeoutError);
}

TEST(Endpoint, GivesUpWhenTheServiceStops) {
  Silence silence;
  Endpoint endpoint({.url = silence.server.url(), .key = "k"});
  std::stop_source stop;
  const std::jthread stopping([&] {
    silence.asked.get_future().wait();
    stop.request_stop();
  });
  EXPECT_THROW((void)endpoint.post("/ask", "{}", stop.get_token()), ClosedError);
}

TEST(Endpoint, RefusesAnAddressThatIsNone) {
  EXPECT_THROW(Endpoint({.url = "ftp://x", .key = "k"}), ConfigError);
  EXPECT_THROW(Endpoint({.url = "http://x y", .key = "k"}), ConfigError);
  EXPECT_THROW(Endpoint({.url = "http://x", .key = "k\r\nHost: y"}), ConfigError);
}

}  // namespace
}  // namespace omnibus::http
