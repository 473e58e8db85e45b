#include "services/gateway/server/name_lookup.hpp"

#include <ares.h>

#include <algorithm>
#include <map>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// c-ares tells which of its sockets wait for what; Asio does the waiting.
struct NameLookup::State : std::enable_shared_from_this<State> {
  /// A socket of c-ares, which closes it: never by us.
  struct Watch {
    Watch(const asio::any_io_executor& executor, ares_socket_t socket) : descriptor(executor, socket) {}
    ~Watch() { descriptor.release(); }
    asio::posix::stream_descriptor descriptor;
    bool read = false, write = false;
  };

  State(asio::any_io_executor given, std::string servers)
      : executor(std::move(given)), name_servers(std::move(servers)), ended(executor), retry(executor) {}
  ~State() { close(); }

  bool open();
  void close() noexcept;
  void watch(ares_socket_t socket, bool read, bool write);
  void wait(ares_socket_t socket, asio::posix::stream_descriptor::wait_type what);
  void process(ares_socket_t readable, ares_socket_t writable);
  void take(int status, ares_addrinfo* addresses);

  const asio::any_io_executor executor;
  const std::string name_servers;
  asio::steady_timer ended;  // wakes find
  asio::steady_timer retry;  // c-ares asks again
  ares_channel channel = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watch>> watches;
  bool done = false;
  Found found;
};

bool NameLookup::State::open() {
  ares_options options{};
  options.sock_state_cb = [](void* self, ares_socket_t socket, int read, int write) noexcept {
    try {
      static_cast<State*>(self)->watch(socket, read != 0, write != 0);
    } catch (const std::exception&) {  // no memory or descriptor: the lookup ends at its timeout
    }
  };
  options.sock_state_cb_data = this;
  auto status = ares_init_options(&channel, &options, ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS && !name_servers.empty()) {
    status = ares_set_servers_ports_csv(channel, name_servers.c_str());
  }
  if (status != ARES_SUCCESS) found.failure = ares_strerror(status);
  return status == ARES_SUCCESS;
}

void NameLookup::State::close() noexcept {
  if (auto* const open = std::exchange(channel, nullptr)) ares_destroy(open);
  watches.clear();
}

void NameLookup::State::watch(ares_socket_t socket, bool read, bool write) {
  if (!read && !write) {
    watches.erase(socket);  // c-ares closes it next
    return;
  }
  auto& watch = watches[socket];
  if (!watch) watch = std::make_shared<Watch>(executor, socket);
  const bool reads = std::exchange(watch->read, read);
  const bool writes = std::exchange(watch->write, write);
  if (read && !reads) wait(socket, asio::posix::stream_descriptor::wait_read);
  if (write && !writes) wait(socket, asio::posix::stream_descriptor::wait_write);
}

void NameLookup::State::wait(ares_socket_t socket, asio::posix::stream_descriptor::wait_type what) {
  const auto& watch = watches.at(socket);
  watch->descriptor.async_wait(
      what, [weak = weak_from_this(), watched = std::weak_ptr(watch), socket, what](const error_code& ec) {
        const auto self = weak.lock();
        if (!self || ec || watched.expired()) return;
        const bool read = what == asio::posix::stream_descriptor::wait_read;
        self->process(read ? socket : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : socket);
        const auto still = watched.lock();
        if (still && (read ? still->read : still->write)) self->wait(socket, what);
      });
}

void NameLookup::State::process(ares_socket_t readable, ares_socket_t writable) {
  if (channel == nullptr || done) return;
  ares_process_fd(channel, readable, writable);
  timeval left{};
  if (done || ares_timeout(channel, nullptr, &left) == nullptr) return;
  retry.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec + 1));
  retry.async_wait([weak = weak_from_this()](const error_code& ec) {
    const auto self = weak.lock();
    if (self && !ec) self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

void NameLookup::State::take(int status, ares_addrinfo* addresses) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(addresses, ares_freeaddrinfo);
  done = true;
  ended.cancel();
  if (status != ARES_SUCCESS) {
    found.failure = ares_strerror(status);
    return;
  }
  for (const auto* node = owned->nodes; node != nullptr; node = node->ai_next) {
    tcp::endpoint endpoint;
    if (node->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const char*>(node->ai_addr), node->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    endpoint.resize(node->ai_addrlen);
    found.addresses.push_back(endpoint);
  }
  if (found.addresses.empty()) found.failure = "the host has no address";
}

NameLookup::NameLookup(asio::any_io_executor executor, std::string name_servers)
    : state_(std::make_shared<State>(std::move(executor), std::move(name_servers))) {}

NameLookup::~NameLookup() { cancel(); }

asio::awaitable<NameLookup::Found> NameLookup::find(std::string host, std::string port,
                                                    std::chrono::steady_clock::duration timeout) {
  const auto state = state_;
  state->done = false;
  state->found = {};
  error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address) {  // c-ares would ask a name server all the same
    state->found.addresses.emplace_back(address, static_cast<std::uint16_t>(std::stoul(port)));
    co_return state->found;
  }
  if (!state->open()) co_return state->found;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NUMERICSERV;
  ares_getaddrinfo(
      state->channel, host.c_str(), port.c_str(), &hints,
      [](void* self, int status, int, ares_addrinfo* addresses) noexcept {
        static_cast<State*>(self)->take(status, addresses);
      },
      state.get());
  state->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  state->ended.expires_after(timeout);
  while (!state->done) {
    error_code ec;
    co_await state->ended.async_wait(into(ec));
    if (ec || state->done) continue;
    ares_cancel(state->channel);
    state->found.failure = "no answer of the name servers in time";
  }
  state->retry.cancel();
  state->close();
  co_return std::move(state->found);
}

void NameLookup::cancel() {
  if (state_->channel != nullptr) ares_cancel(state_->channel);
}

}  // namespace omnibus::gateway
