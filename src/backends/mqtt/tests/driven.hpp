#pragma once

/// What tests of the driver against a Peer share: connections, producers and consumers, and what the peer was
/// given.

#include <algorithm>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/raw.hpp>

#include "backends/mqtt/backend.hpp"
#include "backends/mqtt/tests/plain_client.hpp"

namespace omnibus::mqtt {

using namespace std::chrono_literals;

constexpr auto from_client = Direction::from_client;
constexpr auto to_client = Direction::to_client;
constexpr Duration patience = 20s;

class NoHost final : public driver::Host {
 public:
  std::uint64_t schedule(TimePoint, UniqueFunction<void()>) override { return 0; }
  bool cancel(std::uint64_t) noexcept override { return false; }
};

inline driver::BackendConfig config_of(const std::string& address, Extra parameters = {}) {
  driver::BackendConfig config;
  config.scheme = "mqtt";
  config.rest = address;
  config.parameters = std::move(parameters);
  config.instance = "test";
  config.connect_timeout = patience;
  return config;
}

inline std::unique_ptr<driver::Backend> open_at(const Peer& peer, Extra parameters = {}) {
  NoHost host;  // the backend has no use for it
  return open(config_of(peer.address(), std::move(parameters)), host);
}

/// A Bus with the layer that sends again and reconnects. `query` begins with '?' or is empty.
inline Bus connect_to(const Peer& peer, const std::string& query = {}, const std::string& instance = "test") {
  return connect_with(&open, "mqtt://" + peer.address() + query,
                      {.instance = instance, .connect_timeout = patience});
}

/// Starts something with a result, waits for it. Errors: its own; std::runtime_error when nothing comes.
template <class T, class Start>
T obtain(const Start& start) {
  auto result = std::make_shared<std::promise<std::pair<std::optional<Error>, T>>>();
  auto future = result->get_future();
  start([result](const Error* error, T value) {
    result->set_value({error != nullptr ? std::optional(*error) : std::nullopt, std::move(value)});
  });
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing was completed");
  auto [error, value] = future.get();
  if (error) error->raise();
  return std::move(value);
}

/// The same for what has no value.
template <class Start>
void finish(const Start& start) {
  obtain<bool>(
      [&](auto done) { start([done = std::move(done)](const Error* error) mutable { done(error, true); }); });
}

/// The code of the error that `action` throws.
template <class Action>
std::optional<Error> error_from(const Action& action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

/// What the peer has taken from clients, and a session that keeps it, so that somebody is subscribed.
class Stored {
 public:
  Stored(Peer& peer, std::string filter) : filter_(std::move(filter)) {
    Member keeper(peer, "keeper");
    subscribe(keeper, filter_);
    keeper.send(Disconnect{});
    EXPECT_TRUE(keeper.is_ended());
    peer.on_publish([kept = kept_, topic = filter_](const Publish& publish) {
      if (publish.topic == topic) kept->add(std::string(publish.payload));
      return Reason::success;
    });
  }
  std::vector<std::string> payloads() const {
    const std::lock_guard lock(kept_->mutex);
    return kept_->payloads;
  }

 private:
  struct Kept {
    std::mutex mutex;  ///< guards the rest
    std::vector<std::string> payloads;
    void add(std::string payload) {
      const std::lock_guard lock(mutex);
      payloads.push_back(std::move(payload));
    }
  };
  const std::string filter_;
  const std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

/// "1" … "count".
inline std::vector<std::string> numbers(std::size_t count, std::size_t first = 1) {
  std::vector<std::string> all;
  for (std::size_t i = first; i < first + count; ++i) all.push_back(std::to_string(i));
  return all;
}

/// How many such packets passed, of all clients.
inline std::size_t count_of(const Peer::Log& log, Direction direction, Type type) {
  return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [&](const Seen& each) {
    return each.direction == direction && each.type == type;
  }));
}

}  // namespace omnibus::mqtt
