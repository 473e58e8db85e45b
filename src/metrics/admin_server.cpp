#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <omnibus/error.hpp>
#include <omnibus/metrics.hpp>

namespace omnibus {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto idle_timeout = std::chrono::seconds(10);
constexpr std::size_t max_connections = 64;
constexpr std::uint32_t max_header_bytes = 8192;
/// The parser bounds neither chunk extensions nor trailers.
constexpr std::size_t max_buffered = 64u << 10;

/// What the pages are made of. Lives in the server, used by its thread only, but for the check.
class Pages {
 public:
  explicit Pages(Metrics metrics) : metrics_(std::move(metrics)) {}

  void ready_when(std::function<std::string()> check) {
    auto shared = std::make_shared<const std::function<std::string()>>(std::move(check));
    const std::lock_guard lock(mutex_);
    check_ = std::move(shared);
  }

  http::response<http::string_body> answer(const http::request<http::empty_body>& request) const {
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.keep_alive(request.keep_alive());
    const bool head = request.method() == http::verb::head;
    if (request.method() != http::verb::get && !head) {
      response.result(http::status::method_not_allowed);
      response.set(http::field::allow, "GET, HEAD");
      response.body() = "only GET and HEAD\n";
    } else {
      fill(request.target(), response);
    }
    response.prepare_payload();
    if (head) response.body().clear();
    return response;
  }

 private:
  void fill(std::string_view target, http::response<http::string_body>& response) const {
    const auto path = target.substr(0, target.find('?'));
    if (path == "/metrics") {
      response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
      response.body() = metrics_.text();
    } else if (path == "/healthz") {
      response.body() = "ok\n";
    } else if (path == "/readyz") {
      const auto reason = not_ready();
      if (!reason.empty()) response.result(http::status::service_unavailable);
      response.body() = (reason.empty() ? "ready" : reason) + "\n";
    } else {
      response.result(http::status::not_found);
      response.body() = "no such page: try /metrics, /healthz or /readyz\n";
    }
  }

  std::string not_ready() const {
    std::shared_ptr<const std::function<std::string()>> check;
    {
      const std::lock_guard lock(mutex_);
      check = check_;
    }
    try {
      return check && *check ? (*check)() : std::string();
    } catch (const std::exception& reason) {
      return std::string("the readiness check failed: ") + reason.what();
    } catch (...) {
      return "the readiness check failed";
    }
  }

  const Metrics metrics_;
  mutable std::mutex mutex_;  // guards check_
  std::shared_ptr<const std::function<std::string()>> check_;
};

/// One connection: reads a request, answers, again while the client keeps it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const Pages& pages, std::size_t& open)
      : stream_(std::move(socket)), pages_(pages), open_(open) {
    ++open_;
  }
  ~Connection() { --open_; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(max_header_bytes);
    stream_.expires_after(idle_timeout);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

 private:
  void write() {
    response_ = pages_.answer(parser_->get());
    stream_.expires_after(idle_timeout);
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return;
      if (self->response_.keep_alive()) return self->read();
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{max_buffered};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  const Pages& pages_;
  std::size_t& open_;
};

[[noreturn]] void fail(const error_code& error, const std::string& where) {
  const auto what = "cannot serve metrics on " + where;
  if (error == asio::error::address_in_use) {
    throw ConfigError(what + ": the port is in use", "choose another with --metrics-port, or --no-metrics");
  }
  if (error == asio::error::access_denied) {
    throw ConfigError(what + ": not permitted", "ports below 1024 need more rights");
  }
  throw ConfigError(what + ": " + error.message(), "give an address of this machine, such as 0.0.0.0");
}

}  // namespace

struct AdminServer::Impl {
  explicit Impl(Metrics metrics)
      : failures(metrics.counter("admin_failure_count", "Pages that could not be made")),
        pages(std::move(metrics)) {}

  void listen(std::uint16_t port, std::string_view address) {
    const auto where = std::string(address) + " port " + std::to_string(port);
    error_code error;
    const auto ip = asio::ip::make_address(std::string(address), error);
    if (error) fail(error, where);
    const tcp::endpoint endpoint(ip, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) bound = acceptor.local_endpoint(error).port();
    if (error) fail(error, where);
  }

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {  // out of descriptors, most likely: not at full speed
        retry.expires_after(std::chrono::milliseconds(100));
        return retry.async_wait([this](error_code stopped) {
          if (!stopped) accept();
        });
      }
      if (open < max_connections) std::make_shared<Connection>(std::move(socket), pages, open)->read();
      accept();
    });
  }

  void serve() noexcept {
    for (;;) {
      try {
        context.run();
        return;
      } catch (const std::exception&) {  // no memory for a page: that connection is gone, the others go on
        failures.add();
      }
    }
  }

  Counter& failures;
  Pages pages;
  std::size_t open = 0;         // connections; before the context, whose destructor ends them
  asio::io_context context{1};  // run by `thread` alone
  tcp::acceptor acceptor{context};
  asio::steady_timer retry{context};
  std::uint16_t bound = 0;
  std::jthread thread;
};

AdminServer::AdminServer(Metrics metrics, std::uint16_t port, std::string_view address)
    : impl_(std::make_unique<Impl>(std::move(metrics))) {
  impl_->listen(port, address);
  impl_->accept();
  impl_->thread = std::jthread([impl = impl_.get()] { impl->serve(); });
}

AdminServer::~AdminServer() {
  impl_->context.stop();
  impl_->thread.join();
}

std::uint16_t AdminServer::port() const noexcept { return impl_->bound; }

void AdminServer::ready_when(std::function<std::string()> check) {
  impl_->pages.ready_when(std::move(check));
}

}  // namespace omnibus
