#include "gateway_bench/load.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::app::gateway_bench {

namespace asio = boost::asio;

namespace {

/// Connections being made at once; more would overrun the backlog of some servers.
constexpr std::size_t connecting_at_once = 64;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::uint64_t Measured::errors() const {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& each) { return sum + each.second; });
}

double Measured::latency(double share) const {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
  constexpr double nanoseconds = 1e3;
  return static_cast<double>(latencies[std::min(latencies.size() - 1, at)]) / nanoseconds;
}

Load::Load(Loop& loop, const Endpoint& endpoint, const Plan& plan, Protocol protocol, std::size_t connections)
    : loop_(loop), plan_(plan) {
  result_.protocol = protocol;
  result_.connections = connections;
  clients_.reserve(connections);
  for (std::size_t i = 0; i < connections; ++i)
    clients_.push_back(make_client(protocol, loop.io(), endpoint, plan.target, plan.body));
}

std::string Load::what() const {
  return fmt::format("{}, {} connections", to_string(result_.protocol), result_.connections);
}

Measured Load::run() {
  prepare();
  began_ = last_answer_ = Clock::now();
  ends_at_ = plan_.requests > 0 ? TimePoint::max() : began_ + plan_.time;
  running_ = clients_.size();
  for (const auto& client : clients_) asio::co_spawn(loop_.io(), ask_on(*client), asio::detached);
  const auto end = loop_.run([this] {
    return fmt::format("{}: {} requests in {:.1f} s", what(), asked_, seconds_of(Clock::now() - began_));
  });
  if (end == Loop::End::impatient) result_.failures["no answer within --patience"] += running_;
  if (end == Loop::End::interrupted) result_.failures["interrupted"] += running_;
  close_all();
  const bool timed = plan_.requests == 0 && end == Loop::End::finished;
  result_.seconds = seconds_of(timed ? plan_.time : last_answer_ - began_);
  std::sort(result_.latencies.begin(), result_.latencies.end());
  return std::move(result_);
}

/// Ends what still runs. Without clients nothing of theirs comes any more.
void Load::close_all() {
  over_ = true;
  for (const auto& client : clients_) client->close();
  while (running_ > 0) (void)loop_.run([] { return std::string(); });
}

void Load::prepare() {
  running_ = std::min(connecting_at_once, clients_.size());
  for (auto i = running_; i > 0; --i) asio::co_spawn(loop_.io(), prepare_some(), asio::detached);
  const auto end = loop_.run([this] { return fmt::format("{}: {} connected", what(), next_); });
  if (end == Loop::End::impatient) {
    close_all();
    throw Error(ErrorCode::timeout, fmt::format("{}: no answer after {} of them", what(), next_ - running_),
                {.hint = "how many does the server take? (--max-connections of omnibus gateway, ulimit -n)"});
  }
  if (end == Loop::End::interrupted) {
    close_all();
    throw Error(ErrorCode::closed, "interrupted");
  }
  if (failure_) std::rethrow_exception(failure_);
}

/// Connects one client after the other, and asks once with each, uncounted.
asio::awaitable<void> Load::prepare_some() {
  while (next_ < clients_.size() && !failure_ && !over_) {
    const auto index = next_++;
    auto& client = *clients_[index];
    auto failure = co_await client.connect();
    auto code = ErrorCode::unavailable;
    if (failure.empty()) {
      code = ErrorCode::protocol;
      failure = (co_await client.ask()).failure;
    }
    loop_.moved();
    if (failure.empty() || over_) continue;
    failure_ = std::make_exception_ptr(
        Error(code, fmt::format("{}: number {} of them failed: {}", what(), index + 1, failure),
              {.hint = code == ErrorCode::protocol ? ""
                                                   : "how many does the server take? (--max-connections of "
                                                     "omnibus gateway, ulimit -n)"}));
  }
  left();
}

void Load::left() {
  if (--running_ == 0) loop_.finish();
}

bool Load::take_request() {
  if (over_ || Clock::now() >= ends_at_) return false;
  if (plan_.requests > 0 && asked_ >= plan_.requests) return false;
  ++asked_;
  return true;
}

asio::awaitable<void> Load::ask_on(Client& client) {
  while (take_request()) {
    const auto began = Clock::now();
    const auto outcome = co_await client.ask();
    const auto now = Clock::now();
    if (over_) break;
    loop_.moved();
    if (now < ends_at_) {  // what comes later is not of this measurement
      last_answer_ = now;
      if (outcome.failure.empty()) {
        result_.latencies.push_back((now - began).count());
      } else {
        ++result_.failures[outcome.failure];
      }
    }
    bool connected = outcome.connected;
    if (!connected) connected = co_await connect_again(client);
    if (!connected) break;
  }
  left();
}

/// False when the measurement is over.
asio::awaitable<bool> Load::connect_again(Client& client) {
  while (!over_ && Clock::now() < ends_at_) {
    const auto failure = co_await client.connect();
    if (failure.empty()) co_return true;
    if (over_) break;
    ++result_.failures[failure];
    asio::steady_timer pause(loop_.io(), std::chrono::milliseconds(100));
    boost::system::error_code ec;
    co_await pause.async_wait(gateway::into(ec));
  }
  co_return false;
}

}  // namespace omnibus::app::gateway_bench
