#include "backends/mqtt/tests/peer.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <thread>

#include "backends/mqtt/tests/peer_broker.hpp"

namespace omnibus::mqtt {
namespace {

using Tcp = boost::asio::ip::tcp;

template <class... Each>
struct Overloaded : Each... {
  using Each::operator()...;
};

}  // namespace

Seen Seen::of(std::string client, Direction direction, Version version, std::string bytes) {
  Seen seen;
  seen.client = std::move(client);
  seen.direction = direction;
  seen.version = version;
  seen.bytes = std::make_shared<const std::string>(std::move(bytes));
  const auto frame = first_frame(*seen.bytes, seen.bytes->size());
  seen.type = static_cast<Type>(frame->head >> 4);
  seen.packet = parse(*frame, version);
  std::visit(
      [&](const auto& packet) {
        if constexpr (requires { packet.id; }) seen.id = packet.id;
        if constexpr (requires { packet.qos; }) seen.qos = packet.qos;
        if constexpr (requires { packet.again; }) seen.again = packet.again;
        if constexpr (requires { packet.reason; }) seen.reason = packet.reason;
        if constexpr (requires { packet.properties; }) seen.properties = packet.properties;
      },
      seen.packet);
  std::visit(Overloaded{[&](const Publish& packet) { seen.topic = packet.topic; },
                        [&](const Subscribe& packet) { seen.topic = packet.filters.front().filter; },
                        [&](const Unsubscribe& packet) { seen.topic = packet.filters.front(); },
                        [&](const Subscribed& packet) {
                          if (!packet.reasons.empty()) seen.reason = packet.reasons.front();
                        },
                        [](const auto&) {}},
             seen.packet);
  return seen;
}

struct Peer::State {
  State() {
    listen(Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    port = acceptor.local_endpoint().port();
    thread = std::thread([this] { context.run(); });
  }
  ~State() {
    context.stop();
    thread.join();
    // Sessions and connections hold each other.
    for (const auto& each : connections) {
      const auto connection = each.lock();
      if (!connection) continue;
      if (connection->session) connection->session->connection = nullptr;
      connection->session = nullptr;
    }
  }

  void listen(const Tcp::endpoint& endpoint) {
    acceptor = Tcp::acceptor(context, endpoint);
    accept_next();
  }
  void accept_next() {
    acceptor.async_accept([this](const boost::system::error_code& error, Tcp::socket socket) {
      if (error) return;
      const auto connection = std::make_shared<PeerConnection>(broker, std::move(socket));
      connections.push_back(connection);
      connection->start();
      accept_next();
    });
  }
  void refuse() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (const auto& each : connections) {
      const auto connection = each.lock();
      if (!connection) continue;
      broker.end(connection);
      connection->close();
    }
    connections.clear();
  }

  /// Runs it on the peer's thread and waits; at once when called there.
  template <class Work>
  auto run(Work&& what) {
    // Lives on until the peer's thread has left it.
    auto task = std::make_shared<std::packaged_task<decltype(what())()>>([this, &what] {
      const Broker::Turn turn(broker);
      return what();
    });
    auto result = task->get_future();
    boost::asio::dispatch(context, [task] { (*task)(); });
    return result.get();
  }

  Broker::Session session(const std::string& client) const {
    const auto found = broker.sessions.find(client);
    return found == broker.sessions.end() ? nullptr : found->second;
  }
  Broker::Connection connection(const std::string& client) const {
    const auto found = session(client);
    return found && found->connection && !found->connection->over ? found->connection : nullptr;
  }

  PeerNotes notes;
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  Broker broker{context, notes};
  Tcp::acceptor acceptor{context};
  std::vector<std::weak_ptr<PeerConnection>> connections;
  std::uint16_t port = 0;
  std::thread thread;
};

Peer::Peer() : state_(std::make_unique<State>()) {}
Peer::~Peer() = default;

std::uint16_t Peer::port() const noexcept { return state_->port; }
std::string Peer::address() const { return "127.0.0.1:" + std::to_string(state_->port); }

void Peer::drop_before(Direction direction, Type type, std::size_t nth, std::function<void()> first) {
  state_->run([&] { state_->broker.drops_.push_back({direction, type, nth, std::move(first)}); });
}

void Peer::on_connect(std::function<Connack(const Connect&)> answer) {
  state_->run([&] { state_->broker.on_connect = std::move(answer); });
}

void Peer::on_publish(std::function<Reason(const Publish&)> answer) {
  state_->run([&] { state_->broker.on_publish = std::move(answer); });
}

void Peer::on_subscribe(std::function<Reason(const Subscribe::Filter&)> answer) {
  state_->run([&] { state_->broker.on_subscribe = std::move(answer); });
}

void Peer::know_only_311() {
  state_->run([&] { state_->broker.only_311 = true; });
}

void Peer::hold(Type type) {
  state_->run([&] { state_->broker.holding_.insert(type); });
}

void Peer::let_go(Type type) {
  state_->run([&] { state_->broker.let_go(type); });
}

void Peer::send_disconnect(const std::string& client, Reason reason, const PacketProperties& properties) {
  state_->run([&] {
    if (const auto found = state_->connection(client)) state_->broker.disconnect(found, reason, properties);
  });
}

void Peer::cut(const std::string& client) {
  state_->run([&] {
    if (const auto found = state_->connection(client)) state_->broker.end(found);
  });
}

void Peer::forget(const std::string& client) {
  state_->run([&] {
    if (const auto found = state_->connection(client)) state_->broker.end(found);
    state_->broker.sessions.erase(client);
  });
}

void Peer::refuse() {
  state_->run([&] { state_->refuse(); });
}

void Peer::accept() {
  state_->run([&] { state_->listen(Tcp::endpoint(boost::asio::ip::address_v4::loopback(), state_->port)); });
}

void Peer::publish(const Publish& message) {
  state_->run([&] { state_->broker.route(PeerMessage::of(message), nullptr); });
}

Peer::Log Peer::log() const {
  const std::lock_guard lock(state_->notes.mutex);
  return state_->notes.log;
}

namespace {

std::size_t count_in(const Peer::Log& log, const std::string& client, Direction direction, Type type) {
  return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [&](const Seen& each) {
    return each.client == client && each.direction == direction && each.type == type;
  }));
}

}  // namespace

std::size_t Peer::count(const std::string& client, Direction direction, Type type) const {
  const std::lock_guard lock(state_->notes.mutex);
  return count_in(state_->notes.log, client, direction, type);
}

bool Peer::wait(const std::function<bool(const Log&)>& holds, std::chrono::milliseconds timeout) const {
  auto& notes = state_->notes;
  std::unique_lock lock(notes.mutex);
  return notes.changed.wait_for(lock, timeout, [&] { return holds(notes.log); });
}

bool Peer::wait_for(const std::string& client, Direction direction, Type type, std::size_t count) const {
  return wait([&](const Log& log) { return count_in(log, client, direction, type) >= count; });
}

std::vector<std::string> Peer::violations() const {
  const std::lock_guard lock(state_->notes.mutex);
  return state_->notes.violations;
}

bool Peer::has_session(const std::string& client) const {
  return state_->run([&] { return state_->session(client) != nullptr; });
}

bool Peer::is_connected(const std::string& client) const {
  return state_->run([&] { return state_->connection(client) != nullptr; });
}

std::vector<std::string> Peer::subscriptions(const std::string& client) const {
  return state_->run([&] {
    std::vector<std::string> filters;
    if (const auto found = state_->session(client)) {
      for (const auto& each : found->subscriptions) filters.push_back(each.filter);
    }
    return filters;
  });
}

}  // namespace omnibus::mqtt
