#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "backends/mqtt/parameters.hpp"
#include "backends/mqtt/session_state.hpp"
#include "core/text.hpp"
#include "wire/loop.hpp"

namespace omnibus::mqtt {

class Connection;

/// What all sessions of one Bus share. Threads: the loop's only, but for what is constant once the Bus is
/// open.
struct Context {
  Context(std::shared_ptr<wire::Loop> owner, Parameters wanted, std::string name)
      : loop_owner(std::move(owner)),
        loop(*loop_owner),
        parameters(std::move(wanted)),
        instance(std::move(name)),
        token(text::uuid().substr(0, 8)),
        patience(parameters.connect_timeout) {}

  /// The state of a session as it was when its last connection ended, or a new one.
  std::shared_ptr<SessionState> state_of(const std::string& client_id) {
    auto& known = states[client_id];
    if (!known) known = std::make_shared<SessionState>();
    return known;
  }

  /// A producer of a shared session has gone.
  void forget_producer(const std::string& client_id, const std::string& producer) {
    const auto found = states.find(client_id);
    if (found != states.end()) found->second->forget(producer);
  }

  /// Somebody else goes on with a session.
  void forget_received(const std::string& client_id) {
    const auto found = states.find(client_id);
    if (found != states.end()) found->second->forget_all_received();
  }

  const std::shared_ptr<wire::Loop> loop_owner;
  wire::Loop& loop;
  const Parameters parameters;
  const std::string instance;  ///< of the process, stable across restarts
  const std::string token;     ///< of this Bus, random: tells its own presence from others'
  Duration patience;           ///< for a connection until the broker accepts
  bool reached = false;        ///< the last connection got as far as CONNECT
  Version version = Version::v5;
  bool shares = true;      ///< the broker has shared subscriptions (MQTT 5)
  std::size_t broker = 0;  ///< which of the brokers answered last
  std::optional<wire::Address> redirected;
  std::map<std::string, std::shared_ptr<SessionState>> states;  ///< by client id
  std::set<std::weak_ptr<Connection>, std::owner_less<>> connections;
  std::uint64_t last_number = 0;  ///< of feeds and consumers
  bool closed = false;
};

}  // namespace omnibus::mqtt
