#include "wire/stream.hpp"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

#include "wire/look_up.hpp"
#include "wire/loop_state.hpp"
#include "wire/tls_state.hpp"

namespace omnibus::wire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t smallest_read = std::size_t{16} << 10;
constexpr std::size_t first_buffer = std::size_t{64} << 10;
constexpr std::size_t joined_chunk = std::size_t{64} << 10;  ///< small writes are joined up to this size
constexpr std::size_t chunks_at_once = 16;

/// Of all that may go wrong in TLS, what another try cannot mend.
bool is_distrust(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

Error failure(const Stream::Target& target, const std::string& why, const error_code& error) {
  const bool distrust = is_distrust(error);
  const bool tls = error.category() == asio::error::get_ssl_category();
  return {distrust ? ErrorCode::authentication : ErrorCode::unavailable,
          "cannot connect to " + target.address.str() + ": " + why,
          {.retryable = !distrust,
           .native = error.message(),
           .hint = distrust ? "is the peer's certificate signed by a trusted authority, for this host name?"
                   : tls    ? "is this a port for TLS?"
                            : "is the broker running, and is this its address?"}};
}

}  // namespace

struct Stream::State : std::enable_shared_from_this<Stream::State> {
  State(Loop& owner, Target wanted)
      : loop(owner), target(std::move(wanted)), socket(owner.state().context), timer(owner) {
    if (target.tls) secure.emplace(socket, target.tls->state().context);
  }

  // Opening
  void begin(Opened done);
  void resolve();
  void connect(const tcp::resolver::results_type& endpoints);
  void handshake();
  void finish_opening(const Error* error);

  // Reading
  void read();
  void on_read(const error_code& error, std::size_t count);
  bool take_in();
  // Writing
  void queue(std::string&& bytes);
  void schedule();
  void flush();
  void on_written(const error_code& error);
  void fail(const Error& error);
  void shut() noexcept;

  /// Calls `action` with the layer that carries the bytes.
  template <class Action>
  void with_layer(Action action) {
    if (secure) {
      action(*secure);
    } else {
      action(socket);
    }
  }

  Loop& loop;
  const Target target;
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> secure;
  Timer timer;
  Opened opened;
  Received received;
  Closed closed;
  std::vector<char> buffer;
  std::size_t begin_at = 0, end_at = 0;  ///< what is received and not used
  std::deque<std::string> chunks;
  std::size_t in_flight = 0;                                              ///< chunks being written
  std::uint64_t queued = 0, written = 0;                                  ///< bytes, ever
  std::deque<std::pair<std::uint64_t, UniqueFunction<void()>>> awaiting;  ///< by how much must be written
  bool scheduled = false, over = false;
};

// ---- opening

void Stream::State::begin(Opened done) {
  opened = std::move(done);
  // Weak, for the timer is a part of it: what is under way keeps it.
  timer.after(target.timeout, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const Error error(ErrorCode::unavailable,
                      "cannot connect to " + self->target.address.str() + ": no answer in time",
                      {.retryable = true, .hint = "is the broker running, and is this its address?"});
    self->finish_opening(&error);
  });
  resolve();
}

void Stream::State::resolve() {
  error_code numeric;
  const auto address = asio::ip::make_address(target.address.host, numeric);
  if (!numeric) {
    const auto endpoint = tcp::endpoint(address, target.address.port);
    return connect(tcp::resolver::results_type::create(endpoint, target.address.host, ""));
  }
  look_up(loop, target.address,
          [self = shared_from_this()](const error_code& error, const tcp::resolver::results_type& found) {
            if (!error) return self->connect(found);
            const Error failed = failure(self->target, "the name is not known: " + error.message(), error);
            self->finish_opening(&failed);
          });
}

void Stream::State::connect(const tcp::resolver::results_type& endpoints) {
  if (over) return;
  asio::async_connect(socket, endpoints,
                      [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                        if (error) {
                          const Error failed = failure(self->target, error.message(), error);
                          return self->finish_opening(&failed);
                        }
                        error_code ignored;
                        self->socket.set_option(tcp::no_delay(true), ignored);
                        if (self->secure) return self->handshake();
                        self->finish_opening(nullptr);
                      });
}

void Stream::State::handshake() {
  if (over) return;
  error_code ignored;
  const auto& host = target.address.host;
  asio::ip::make_address(host, ignored);
  if (ignored) SSL_set_tlsext_host_name(secure->native_handle(), host.c_str());
  secure->set_verify_callback(asio::ssl::host_name_verification(host));
  secure->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](const error_code& error) {
                            if (!error) return self->finish_opening(nullptr);
                            const Error failed = failure(self->target, "TLS: " + error.message(), error);
                            self->finish_opening(&failed);
                          });
}

void Stream::State::finish_opening(const Error* error) {
  if (!opened) return;
  auto done = std::exchange(opened, nullptr);
  timer.cancel();
  if (error != nullptr) {
    shut();
    return done(error, nullptr);
  }
  done(nullptr, std::make_unique<Stream>(shared_from_this()));
}

// ---- reading

void Stream::State::read() {
  if (buffer.empty()) buffer.resize(first_buffer);
  if (begin_at == end_at) begin_at = end_at = 0;
  if (buffer.size() - end_at < smallest_read && begin_at > 0) {
    std::memmove(buffer.data(), buffer.data() + begin_at, end_at - begin_at);
    end_at -= begin_at;
    begin_at = 0;
  }
  // The owner refuses frames that are too long, so this stays bounded.
  if (buffer.size() - end_at < smallest_read) buffer.resize(buffer.size() * 2);
  with_layer([this](auto& layer) {
    layer.async_read_some(asio::buffer(buffer.data() + end_at, buffer.size() - end_at),
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            self->on_read(error, count);
                          });
  });
}

void Stream::State::on_read(const error_code& error, std::size_t count) {
  if (over) return;
  if (error) {
    return fail({ErrorCode::unavailable,
                 "the connection to " + target.address.str() +
                     " was lost: " + (error == asio::error::eof ? "closed by the peer" : error.message()),
                 Error::Details{.retryable = true, .native = error.message()}});
  }
  end_at += count;
  if (take_in()) read();
}

/// False when the stream ended meanwhile.
bool Stream::State::take_in() {
  try {
    begin_at += received({buffer.data() + begin_at, end_at - begin_at});
  } catch (...) {
    const Error error = to_error(std::current_exception());
    fail(error.with_context("the connection to " + target.address.str() + " is given up"));
  }
  if (!over && begin_at == end_at && buffer.size() > 16 * first_buffer) {
    buffer = std::vector<char>(first_buffer);  // a large frame is through
    begin_at = end_at = 0;
  }
  return !over;
}

// ---- writing

void Stream::State::queue(std::string&& bytes) {
  if (over || bytes.empty()) return;
  queued += bytes.size();
  const bool joins = chunks.size() > in_flight && chunks.back().size() + bytes.size() <= joined_chunk;
  if (joins) {
    chunks.back() += bytes;
  } else {
    chunks.push_back(std::move(bytes));
  }
  schedule();
}

void Stream::State::schedule() {
  if (in_flight > 0 || std::exchange(scheduled, true)) return;
  asio::post(socket.get_executor(), [self = shared_from_this()] {
    self->scheduled = false;
    self->flush();
  });
}

void Stream::State::flush() {
  if (over || in_flight > 0 || chunks.empty()) return;
  in_flight = std::min(chunks.size(), chunks_at_once);
  std::vector<asio::const_buffer> pieces;
  pieces.reserve(in_flight);
  for (std::size_t i = 0; i < in_flight; ++i) pieces.emplace_back(chunks[i].data(), chunks[i].size());
  with_layer([this, &pieces](auto& layer) {
    asio::async_write(
        layer, std::move(pieces),
        [self = shared_from_this()](const error_code& error, std::size_t) { self->on_written(error); });
  });
}

void Stream::State::on_written(const error_code& error) {
  if (over) return;
  if (error) {
    return fail({ErrorCode::unavailable,
                 "the connection to " + target.address.str() + " was lost: " + error.message(),
                 Error::Details{.retryable = true, .native = error.message()}});
  }
  for (std::size_t i = 0; i < in_flight; ++i) written += chunks[i].size();
  chunks.erase(chunks.begin(), chunks.begin() + static_cast<std::ptrdiff_t>(in_flight));
  in_flight = 0;
  flush();
  while (!over && !awaiting.empty() && awaiting.front().first <= written) {
    auto work = std::move(awaiting.front().second);
    awaiting.pop_front();
    work();
  }
}

void Stream::State::fail(const Error& error) {
  if (over) return;
  shut();
  auto tell = std::exchange(closed, nullptr);
  if (tell) tell(error);
}

void Stream::State::shut() noexcept {
  over = true;
  const auto dropped = std::move(awaiting);  // may own what owns this stream: goes last
  awaiting.clear();
  timer.cancel();
  error_code ignored;
  socket.close(ignored);
}

// ---- the handle

void Stream::open(Loop& loop, Target target, Opened opened) {
  std::make_shared<State>(loop, std::move(target))->begin(std::move(opened));
}

Stream::~Stream() { state_->shut(); }

void Stream::start(Received received, Closed closed) {
  state_->received = std::move(received);
  state_->closed = std::move(closed);
  state_->read();
}

void Stream::write(std::string_view bytes) { state_->queue(std::string(bytes)); }

void Stream::write(std::string&& bytes) { state_->queue(std::move(bytes)); }

std::size_t Stream::queued() const noexcept { return state_->queued - state_->written; }

void Stream::when_written(UniqueFunction<void()> work) {
  if (state_->over) return;
  if (queued() == 0) return work();
  state_->awaiting.emplace_back(state_->queued, std::move(work));
}

}  // namespace omnibus::wire
