/// The ends of loops, timers and what is under way on them.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <cstring>

#include "wire/tests/peer.hpp"

namespace {

/// A name server that keeps silent about this host until it is told.
constexpr const char* silent_host = "silent.invalid";
std::promise<void> asked, answer;
std::atomic<bool> answered = false;

}  // namespace

/// In place of the library's.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  if (host != nullptr && std::strcmp(host, silent_host) == 0) {
    asked.set_value();
    answer.get_future().wait();
    answered = true;
    return EAI_NONAME;
  }
  const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, found);
}

namespace omnibus::wire {
namespace {

TEST(Loop, RunsWhatWasPostedBeforeItsEndOnItsThread) {
  Loop loop;
  std::promise<void> began;
  std::atomic<bool> here = false;
  loop.post([&] {
    began.set_value();
    // Until nothing is taken any more: the end has begun.
    for (std::weak_ptr<int> refused = std::make_shared<int>();;) {
      auto probe = std::make_shared<int>();
      refused = probe;
      loop.post([last = std::move(probe)] {});
      if (refused.expired()) break;
      std::this_thread::yield();
    }
  });
  began.get_future().wait();
  loop.post([&] { here = loop.here(); });
  loop.stop();
  EXPECT_TRUE(here);
}

TEST(Timer, WorkMayOwnIt) {
  Loop loop;
  const auto owned = [&] {
    auto timer = std::make_shared<Timer>(loop);
    timer->after(std::chrono::hours(1), [timer] {});
    return std::pair(std::weak_ptr(timer), timer.get());
  };
  on<bool>(loop, [&] {
    const auto [replaced, first] = owned();
    first->after(std::chrono::hours(1), [] {});
    EXPECT_TRUE(replaced.expired());
    const auto [cancelled, second] = owned();
    second->cancel();
    EXPECT_TRUE(cancelled.expired());
    return true;
  });
}

TEST(Stream, LoopThatEndsMeanwhileLetsGo) {
  // It takes connections and never says a word.
  asio::io_context context;
  const tcp::acceptor silent(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto kept = std::make_shared<int>();
  {
    Loop loop;
    on<bool>(loop, [&] {
      Stream::open(loop,
                   {.address = {"127.0.0.1", silent.local_endpoint().port()},
                    .tls = std::make_shared<const Tls>(std::string())},
                   [kept](const Error*, const std::unique_ptr<Stream>&) { FAIL() << "it was opened"; });
      return true;
    });
    EXPECT_GT(kept.use_count(), 1);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Stream, SilentNameServerHoldsUpNeitherOthersNorTheEnd) {
  Peer peer([](tcp::socket&) {});
  const auto kept = std::make_shared<int>();
  {
    Loop loop;
    on<bool>(loop, [&] {
      Stream::open(loop, {.address = {silent_host, 1}},
                   [kept](const Error*, const std::unique_ptr<Stream>&) { FAIL() << "it was opened"; });
      return true;
    });
    asked.get_future().wait();
    std::promise<bool> opened;
    loop.post([&] {
      Stream::open(
          loop, {.address = {"localhost", peer.address().port}},
          [&](const Error* error, const std::unique_ptr<Stream>&) { opened.set_value(error == nullptr); });
    });
    EXPECT_TRUE(opened.get_future().get());
  }
  EXPECT_FALSE(answered) << "the loop waited for it";
  EXPECT_EQ(kept.use_count(), 1);
  answer.set_value();
}

}  // namespace
}  // namespace omnibus::wire
