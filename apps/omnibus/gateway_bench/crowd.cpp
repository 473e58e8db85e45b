#include "gateway_bench/crowd.hpp"

#include <array>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::app::gateway_bench {

namespace asio = boost::asio;
using gateway::into;

namespace {

constexpr std::size_t connecting_at_once = 64;
constexpr int small_receive_buffer = 4096;
constexpr const char* hint =
    "how many does the server take? (--max-connections of omnibus gateway, ulimit -n)";

}  // namespace

Crowd::~Crowd() {
  closing_ = true;
  for (const auto& member : members_) member.client->close();
  while (living_ > 0) {
    if (loop_.io().stopped()) loop_.io().restart();
    loop_.io().run_one();
  }
}

void Crowd::open_idle(std::size_t count) { open(count, false); }

void Crowd::open_slow_readers(std::size_t count) {
  open(count, true);
  asio::co_spawn(loop_.io(), settle(), asio::detached);
  (void)loop_.run([&] { return fmt::format("{} slow readers: {} requests sent", count, sent_); });
}

void Crowd::open(std::size_t count, bool slow) {
  const auto& target = plan_.target;
  for (std::size_t i = 0; i < count; ++i) {
    auto client = std::make_unique<SocketClient>(loop_.io(), endpoint_, target,
                                                 slow ? frame_of(target, plan_.slow_body) : std::string());
    if (slow) client->receive_buffer(small_receive_buffer);
    members_.push_back({std::move(client), slow});
  }
  opening_ = std::min(connecting_at_once, count);
  if (opening_ == 0) return;
  for (auto i = opening_; i > 0; --i) asio::co_spawn(loop_.io(), open_some(), asio::detached);
  const auto what = fmt::format("{} {}", count, slow ? "slow readers" : "idle sockets");
  const auto end =
      loop_.run([&] { return fmt::format("{}: {} open", what, next_ - (members_.size() - count)); });
  if (end == Loop::End::interrupted) throw Error(ErrorCode::closed, "interrupted");
  if (end == Loop::End::impatient) throw Error(ErrorCode::timeout, what + ": no answer", {.hint = hint});
  if (!failure_.empty()) throw Error(ErrorCode::unavailable, what + ": " + failure_, {.hint = hint});
}

asio::awaitable<void> Crowd::open_some() {
  ++living_;
  while (next_ < members_.size() && failure_.empty() && !closing_) {
    const auto index = next_++;
    const bool slow = members_[index].slow;
    auto& client = *members_[index].client;
    auto failure = co_await client.connect();
    loop_.moved();
    if (!failure.empty()) {
      failure_ = fmt::format("number {} cannot be opened: {}", index + 1, failure);
      break;
    }
    asio::co_spawn(loop_.io(), live(client, slow), asio::detached);
  }
  --living_;
  if (--opening_ == 0) loop_.finish();
}

asio::awaitable<void> Crowd::live(SocketClient& client, bool slow) {
  ++living_;
  if (slow) {
    asio::co_spawn(loop_.io(), send_all(client), asio::detached);
    co_await read_slowly(client);
  } else {
    co_await client.listen();
  }
  if (!closing_) ++lost_;
  --living_;
}

/// One request after the other; the server decides when it takes no more.
asio::awaitable<void> Crowd::send_all(SocketClient& client) {
  ++living_;
  bool connected = true;
  for (std::size_t i = 0; connected && i < plan_.slow_requests; ++i) {
    connected = co_await client.send();
    ++sent_;
  }
  --living_;
}

/// Ends the loop after two seconds in which no request went out.
asio::awaitable<void> Crowd::settle() {
  ++living_;
  asio::steady_timer pause(loop_.io());
  boost::system::error_code ec;
  for (auto before = sent_ + 1; before != sent_ && !closing_;) {
    before = sent_;
    loop_.moved();
    pause.expires_after(std::chrono::seconds(2));
    co_await pause.async_wait(into(ec));
  }
  --living_;
  loop_.finish();
}

/// A kilobyte a second, whatever it is, until the connection ends.
asio::awaitable<void> Crowd::read_slowly(SocketClient& client) {
  std::array<char, 1024> part{};
  boost::system::error_code ec;
  asio::steady_timer second(loop_.io());
  while (!closing_) {
    co_await client.socket().async_read_some(asio::buffer(part), into(ec));
    if (ec) co_return;
    second.expires_after(std::chrono::seconds(1));
    co_await second.async_wait(into(ec));
  }
}

}  // namespace omnibus::app::gateway_bench
