#include <gtest/gtest.h>

#include <algorithm>

#include "wire/http.hpp"
#include "wire/tests/peer.hpp"

namespace omnibus::wire {
namespace {

TEST(Address, ReadsHostsAndPorts) {
  EXPECT_EQ(Address::parse("a.b", 7), (Address{"a.b", 7}));
  EXPECT_EQ(Address::parse("a.b:80", 7), (Address{"a.b", 80}));
  EXPECT_EQ(Address::parse("[::1]", 7), (Address{"::1", 7}));
  EXPECT_EQ(Address::parse("[::1]:80", 7).str(), "[::1]:80");
  for (const char* bad : {"", ":80", "a:", "a:x", "a:0", "a:65536", "::1", "[::1", "[::1]80", "a/b", "u@h"}) {
    EXPECT_THROW(Address::parse(bad, 7), ConfigError) << bad;
  }
}

TEST(Address, MalformedOneDoesNotTellSecrets) {
  try {
    Address::parse("user:s3cret@host:80", 7);
    FAIL() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
  }
}

TEST(Loop, RunsWhatIsPostedInOrder) {
  std::vector<int> ran;
  std::promise<void> last;
  {
    Loop loop;
    EXPECT_FALSE(loop.here());
    for (int i = 0; i < 100; ++i) loop.post([&ran, i] { ran.push_back(i); });
    loop.post([&] { last.set_value(); });
    last.get_future().wait();
  }
  ASSERT_EQ(ran.size(), 100u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(Timer, ReplacedAndCancelledWorkDoesNotRun) {
  Loop loop;
  std::promise<std::string> ran;
  std::string log;
  std::unique_ptr<Timer> first, second;
  loop.post([&] {
    first = std::make_unique<Timer>(loop);
    second = std::make_unique<Timer>(loop);
    first->after(Duration::zero(), [&] { log += "replaced "; });
    first->after(Duration::zero(), [&] { log += "first "; });
    second->after(Duration::zero(), [&] { log += "cancelled "; });
    second->cancel();
    second->after(std::chrono::milliseconds(1), [&] { ran.set_value(log); });
  });
  EXPECT_EQ(ran.get_future().get(), "first ");
  on<bool>(loop, [&] {
    first.reset();
    second.reset();
    return true;
  });
}

TEST(Stream, CarriesBytesBothWaysAndTellsTheEnd) {
  Loop loop;
  Peer peer([](tcp::socket& socket) {
    std::string text(5, '\0');
    asio::read(socket, asio::buffer(text));
    asio::write(socket, asio::buffer("got " + text));
  });
  std::promise<std::string> ended;
  std::string got;
  std::unique_ptr<Stream> stream;
  loop.post([&] {
    Stream::open(loop, {.address = peer.address()}, [&](const Error* error, std::unique_ptr<Stream> opened) {
      ASSERT_EQ(error, nullptr);
      stream = std::move(opened);
      stream->start(
          [&](std::string_view bytes) {
            got += bytes;
            return bytes.size();
          },
          [&](const Error& lost) { ended.set_value(lost.what()); });
      stream->write(std::string_view("he"));
      stream->write(std::string("llo"));
    });
  });
  EXPECT_NE(ended.get_future().get().find("closed by the peer"), std::string::npos);
  EXPECT_EQ(got, "got hello");
  on<bool>(loop, [&] {
    stream.reset();
    return true;
  });
}

TEST(Stream, UnusedBytesComeAgainWithMore) {
  Loop loop;
  const std::string whole(300'000, 'w');
  Peer peer([&](tcp::socket& socket) { asio::write(socket, asio::buffer(whole)); });
  std::promise<std::size_t> complete;
  std::unique_ptr<Stream> stream;
  loop.post([&] {
    Stream::open(loop, {.address = peer.address()}, [&](const Error*, std::unique_ptr<Stream> opened) {
      stream = std::move(opened);
      stream->start(
          [&](std::string_view bytes) -> std::size_t {
            if (bytes.size() < whole.size()) return 0;
            complete.set_value(bytes.size());
            return bytes.size();
          },
          [](const Error&) {});
    });
  });
  EXPECT_EQ(complete.get_future().get(), whole.size());
  on<bool>(loop, [&] {
    stream.reset();
    return true;
  });
}

TEST(Stream, NobodyListeningIsUnavailableWithAHint) {
  Loop loop;
  std::promise<Error> failed;
  loop.post([&] {
    Stream::open(loop, {.address = {"127.0.0.1", 1}},
                 [&](const Error* error, std::unique_ptr<Stream>) { failed.set_value(*error); });
  });
  const Error error = failed.get_future().get();
  EXPECT_EQ(error.code(), ErrorCode::unavailable);
  EXPECT_NE(std::string(error.what()).find("127.0.0.1:1"), std::string::npos) << error.what();
  EXPECT_FALSE(error.hint().empty());
}

/// What a stream whose receiver throws this ends with.
template <class Exception>
ErrorCode ended_by(const Exception& thrown) {
  Loop loop;
  Peer peer([](tcp::socket& socket) { asio::write(socket, asio::buffer("garbage", 7)); });
  std::promise<Error> failed;
  std::unique_ptr<Stream> stream;
  loop.post([&] {
    Stream::open(loop, {.address = peer.address()}, [&](const Error*, std::unique_ptr<Stream> opened) {
      stream = std::move(opened);
      stream->start([&thrown](std::string_view) -> std::size_t { throw thrown; },
                    [&](const Error& error) { failed.set_value(error); });
    });
  });
  const auto code = failed.get_future().get().code();
  on<bool>(loop, [&] {
    stream.reset();
    return true;
  });
  return code;
}

TEST(Stream, ReceiverThatThrowsEndsIt) {
  EXPECT_EQ(ended_by(ProtocolError("nonsense")), ErrorCode::protocol);
  EXPECT_EQ(ended_by(std::bad_alloc()), ErrorCode::internal) << "a frame may ask for more than there is";
}

TEST(HttpReader, ReadsEveryFormSplitAtEveryByte) {
  const std::vector<std::string> forms{
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nhello"};
  for (const auto& form : forms) {
    for (std::size_t cut = 0; cut <= form.size(); ++cut) {
      HttpReader reader;
      reader.take(form.substr(0, cut));
      reader.take(form.substr(cut));
      EXPECT_TRUE(reader.end()) << form << " cut at " << cut;
      EXPECT_EQ(reader.response().status, 200);
      EXPECT_EQ(reader.response().body, "hello");
    }
  }
  HttpReader empty;
  EXPECT_TRUE(empty.take("HTTP/1.1 204 No Content\r\n\r\n"));
}

TEST(HttpReader, RefusesNonsenseAndTooMuch) {
  for (const std::string text :
       {"SSH-2.0\r\n\r\n", "HTTP/1.1 xxx\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    HttpReader reader;
    EXPECT_THROW(reader.take(text), ProtocolError) << text;
  }
  HttpReader endless;
  EXPECT_THROW(endless.take(std::string(100'000, 'x')), ProtocolError);
}

TEST(HttpRequest, IsAnswered) {
  Loop loop;
  std::promise<std::string> asked;
  Peer peer([&](tcp::socket& socket) {
    std::string text(4096, '\0');
    text.resize(socket.read_some(asio::buffer(text)));
    asked.set_value(text);
    asio::write(socket, asio::buffer(std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")));
  });
  std::promise<HttpResponse> answered;
  loop.post([&] {
    http_request(loop, {.address = peer.address()}, {.path = "/x?y", .headers = {{"A", "b"}}},
                 std::chrono::seconds(10), [&](const Error* error, HttpResponse response) {
                   ASSERT_EQ(error, nullptr);
                   answered.set_value(std::move(response));
                 });
  });
  const auto response = answered.get_future().get();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "no");
  const auto text = asked.get_future().get();
  EXPECT_TRUE(text.starts_with("GET /x?y HTTP/1.1\r\n")) << text;
  EXPECT_NE(text.find("\r\nA: b\r\n"), std::string::npos) << text;
}

TEST(HttpRequest, FailsWithAnAnswerThatIsNone) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"}) {
    std::promise<ErrorCode> ended;
    Loop loop;
    Peer peer([&](tcp::socket& socket) {
      std::string text(4096, '\0');
      socket.read_some(asio::buffer(text));
      asio::write(socket, asio::buffer(answer));
    });
    loop.post([&] {
      http_request(loop, {.address = peer.address()}, {.path = "/"}, std::chrono::seconds(10),
                   [&](const Error* error, HttpResponse) {
                     ended.set_value(error ? error->code() : ErrorCode::internal);
                   });
    });
    EXPECT_EQ(ended.get_future().get(), ErrorCode::protocol) << answer;
  }
}

TEST(HttpRequest, IsGivenUpOnce) {
  HttpGiveUp give_up;  // as what the loop uses last, it outlives the loop
  std::promise<ErrorCode> ended;
  Loop loop;
  std::promise<void> asked, over;
  Peer peer([&](tcp::socket& socket) {
    std::string text(4096, '\0');
    socket.read_some(asio::buffer(text));
    asked.set_value();
    over.get_future().wait();
  });
  loop.post([&] {
    give_up = http_request(loop, {.address = peer.address()}, {.path = "/"}, std::chrono::seconds(10),
                           [&](const Error* error, HttpResponse) {
                             ended.set_value(error ? error->code() : ErrorCode::internal);
                           });
  });
  asked.get_future().wait();
  loop.post([&] {
    const Error closed(ErrorCode::closed, "the end");
    give_up(closed);
    give_up(closed);
  });
  EXPECT_EQ(ended.get_future().get(), ErrorCode::closed);
  over.set_value();
}

}  // namespace
}  // namespace omnibus::wire
