#include "services/gateway/server/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <omnibus/error.hpp>
#include <omnibus/log.hpp>
#include <thread>

#include "services/gateway/server/context.hpp"
#include "services/gateway/server/http_session.hpp"
#include "services/gateway/server/into.hpp"
#include "services/gateway/server/seldom.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Server::Impl {
  /// The listening socket, on its own strand.
  struct Listener {
    explicit Listener(asio::io_context& io)
        : strand(asio::make_strand(io)),
          acceptor(strand),
          room(strand, std::chrono::steady_clock::time_point::max()) {}
    asio::strand<asio::io_context::executor_type> strand;
    tcp::acceptor acceptor;
    asio::steady_timer room;
  };

  Impl(ServerOptions options, Handler& handler)
      : context(std::make_shared<Context>(std::move(options), handler)),
        listener(std::make_shared<Listener>(*context->io.all().front())) {}

  void open();
  static asio::awaitable<void> accept(std::shared_ptr<Context> context, std::shared_ptr<Listener> listener);
  void close_listener();
  void join() noexcept;

  std::shared_ptr<Context> context;
  std::shared_ptr<Listener> listener;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::vector<std::jthread> threads;
  std::uint16_t port = 0;
  bool started = false;
};

namespace {

/// A client for whom there is no memory must not end the accepting.
void begin(const std::shared_ptr<Context>& context, tcp::socket socket) {
  try {
    HttpSession::start(context, std::move(socket));
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("gateway: a client was turned away: ") + error.what());
  }
}

/// Runs until nothing is left to do; what a callback throws costs its connection, not the gateway.
void run_io(asio::io_context& io) {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      log::write(log::Level::error, std::string("gateway: a callback failed: ") + error.what());
    }
  }
}

[[noreturn]] void cannot_listen(const ServerOptions& options, const error_code& ec) {
  const auto where = options.address + ":" + std::to_string(options.port);
  const auto code = ec == asio::error::access_denied ? ErrorCode::forbidden : ErrorCode::conflict;
  const char* hint = ec == asio::error::address_in_use
                         ? "another program listens there; choose another --port"
                         : "choose another --address or --port";
  Error(code, "cannot listen on " + where + ": " + ec.message(), {.native = ec.message(), .hint = hint})
      .raise();
}

}  // namespace

void Server::Impl::open() {
  const auto& options = context->options;
  error_code ec;
  const auto address = asio::ip::make_address(options.address, ec);
  if (ec)
    throw ConfigError("'" + options.address + "' is no IP address", "for example 0.0.0.0, 127.0.0.1 or ::");
  auto& acceptor = listener->acceptor;
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    error_code ignored;
    acceptor.close(ignored);
    cannot_listen(options, ec);
  }
  port = acceptor.local_endpoint().port();
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Context> context,
                                           std::shared_ptr<Listener> listener) {
  error_code ec;
  Seldom failures(std::chrono::minutes(1));
  while (listener->acceptor.is_open()) {
    if (context->sessions.size() >= context->options.max_connections) {
      listener->room.expires_at(std::chrono::steady_clock::time_point::max());
      co_await listener->room.async_wait(into(ec));
      continue;
    }
    auto socket = co_await listener->acceptor.async_accept(context->io.next(), into(ec));
    if (!ec) {
      begin(context, std::move(socket));
    } else if (ec != asio::error::operation_aborted && ec != asio::error::connection_aborted) {
      if (const auto count = failures.note(Clock::now()); count > 0) {
        log::write(log::Level::warning, "gateway: cannot accept a client: " + ec.message() + " (" +
                                            std::to_string(count) + " times since this was last said)");
      }
      listener->room.expires_after(std::chrono::milliseconds(100));  // usually out of descriptors
      co_await listener->room.async_wait(into(ec));
    }
  }
}

void Server::Impl::close_listener() {
  asio::post(listener->strand, [listener = listener] {
    error_code ignored;
    listener->acceptor.close(ignored);
    listener->room.cancel();
  });
}

void Server::Impl::join() noexcept {
  work.clear();
  threads.clear();  // joins: nothing is left to run
}

Server::Server(ServerOptions options, Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}

Server::~Server() { (void)stop(Duration::zero()); }

void Server::start() {
  impl_->open();
  impl_->context->sessions.on_remove([weak = std::weak_ptr(impl_->listener)] {
    const auto listener = weak.lock();
    if (!listener) return;
    asio::post(listener->strand, [weak] {
      if (const auto open = weak.lock()) open->room.cancel();
    });
  });
  asio::co_spawn(impl_->listener->strand, Impl::accept(impl_->context, impl_->listener),
                 [listener = impl_->listener](const std::exception_ptr&) {});
  for (const auto& each : impl_->context->io.all()) {
    impl_->work.emplace_back(each->get_executor());
    impl_->threads.emplace_back([context = impl_->context, &io = *each] { run_io(io); });
  }
  impl_->started = true;
}

CloseReport Server::stop(Duration deadline) noexcept {
  CloseReport report;
  if (!std::exchange(impl_->started, false)) return report;
  const auto until = deadline_after(deadline);
  auto& context = *impl_->context;
  const auto running = context.running.load();
  context.stopping = true;
  impl_->close_listener();
  for (const auto& session : context.sessions.all()) session->drain();
  if (!context.sessions.wait_empty(until)) {
    report.running = context.running.load();
    log::write(log::Level::warning, "gateway: " + std::to_string(context.sessions.size()) +
                                        " clients were still connected at the deadline, cut off");
    do {
      for (const auto& session : context.sessions.all()) session->abort();
    } while (!context.sessions.wait_empty(deadline_after(std::chrono::milliseconds(20))));
  }
  report.flushed = running - std::min(running, report.running);
  impl_->join();
  impl_->listener.reset();
  return report;
}

std::uint16_t Server::port() const noexcept { return impl_->port; }

std::size_t Server::connections() const { return impl_->context->sessions.size(); }

}  // namespace omnibus::gateway
