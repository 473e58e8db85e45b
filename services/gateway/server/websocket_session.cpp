#include "services/gateway/server/websocket_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <omnibus/error.hpp>
#include <omnibus/log.hpp>
#include <omnibus/version.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr std::size_t part_size = 64u << 10;

/// What an answer takes of the outbox.
std::size_t weight(const Answer& answer) { return answer.body.size() + sizeof(Answer); }

constexpr auto forever = std::chrono::steady_clock::time_point::max();

}  // namespace

WebSocketSession::WebSocketSession(std::shared_ptr<Context> context, ClientStream client,
                                   std::string request_id)
    : context_(std::move(context)),
      registration_(context_->sessions, this),
      request_id_(std::move(request_id)),
      stream_(std::move(client)),
      room_(stream_.get_executor(), forever),
      output_(stream_.get_executor(), forever),
      tick_(stream_.get_executor(), forever) {
  error_code gone;
  address_ = beast::get_lowest_layer(stream_).socket().remote_endpoint(gone).address();
}

WebSocketSession::~WebSocketSession() {
  context_->running.fetch_sub(outstanding_);
  context_->queued.fetch_sub(queued_bytes_);
}

void WebSocketSession::start(std::shared_ptr<Context> context, ClientStream client, Request request,
                             std::string request_id, std::optional<FlowSocket> flow) {
  const auto session =
      std::make_shared<WebSocketSession>(std::move(context), std::move(client), std::move(request_id));
  session->context_->sessions.add(session);
  session->spawn(session->run(std::move(request), std::move(flow)));
}

void WebSocketSession::spawn(Awaitable<void> task) {
  asio::co_spawn(
      stream_.get_executor(), std::move(task), [self = shared_from_this()](const std::exception_ptr& e) {
        if (!e) return;
        log::write(log::Level::warning,
                   "gateway: WebSocket " + self->request_id_ + " failed: " + to_error(e).message());
        self->finish();
      });
}

void WebSocketSession::drain() {
  asio::post(stream_.get_executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->draining_ = true;
    if (self->outstanding_ == 0) self->channel_.reset();
    self->room_.cancel();
    self->output_.cancel();
  });
}

void WebSocketSession::abort() {
  asio::post(stream_.get_executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish();
  });
}

/// Ends all three coroutines.
void WebSocketSession::finish() {
  closed_ = true;
  channel_.reset();
  beast::get_lowest_layer(stream_).close();
  room_.cancel();
  output_.cancel();
  tick_.cancel();
}

asio::awaitable<void> WebSocketSession::run(Request request, std::optional<FlowSocket> flow) {
  const auto& options = context_->options;
  websocket::stream_base::timeout deadlines{};
  deadlines.handshake_timeout = asio_duration(options.header_timeout);
  deadlines.idle_timeout = websocket::stream_base::none();
  deadlines.keep_alive_pings = false;
  stream_.set_option(deadlines);
  stream_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
    response.set(beast::http::field::server, "omnibus/" OMNIBUS_VERSION);
    response.set("X-Request-Id", request_id_);
  }));
  stream_.read_message_max(options.frame_limit);
  stream_.control_callback([this](websocket::frame_type, beast::string_view) {
    heard_ = Clock::now();
    pinged_ = false;
  });
  error_code ec;
  co_await stream_.async_accept(request, into(ec));
  if (ec) co_return;
  draining_ = draining_ || context_->stopping;
  if (flow && !draining_) channel_ = context_->handler.open(std::move(*flow), reply());
  spawn(write());
  spawn(keep());
  co_await read();
  finish();
}

asio::awaitable<void> WebSocketSession::read() {
  const auto& options = context_->options;
  while (!closed_) {
    error_code ec;
    // While draining it goes on reading, for the client's side of the closing handshake.
    while (!closed_ && !draining_ && turned_away_ == nullptr &&
           (outstanding_ >= options.outstanding || queued_bytes_ > options.frame_limit)) {
      co_await room_.async_wait(into(ec));
    }
    if (closed_) co_return;
    std::string text;
    if (!co_await read_message(text)) co_return;
    if (draining_ || ending_ || turned_away_ != nullptr) continue;
    co_await pace();
    std::shared_ptr<ByteBudget::Claim> claim;
    if (text.size() >= large_body) claim = co_await claim_memory(text.size());
    if (!closed_) take(std::move(text), std::move(claim));
  }
}

/// Waits while the client's address has had its requests of this second.
asio::awaitable<void> WebSocketSession::pace() {
  while (!closed_ && !draining_ && turned_away_ == nullptr) {
    const auto wait = context_->rate.take(address_, Clock::now());
    if (wait <= Duration::zero()) break;
    error_code ec;
    room_.expires_after(asio_duration(wait));
    co_await room_.async_wait(into(ec));
  }
  room_.expires_at(forever);
}

/// False when the connection has ended. Every part of a message shows that the client lives.
asio::awaitable<bool> WebSocketSession::read_message(std::string& text) {
  auto buffer = asio::dynamic_buffer(text);
  error_code ec;
  reading_ = true;
  do {
    heard_ = Clock::now();
    pinged_ = false;
    co_await stream_.async_read_some(buffer, 0, into(ec));
    if (message_bytes_ == 0) message_began_ = Clock::now();
    message_bytes_ = text.size();
  } while (!ec && !stream_.is_message_done());
  reading_ = false;
  message_bytes_ = 0;
  heard_ = Clock::now();
  pinged_ = false;
  co_return !ec;
}

/// Waits until there is room for a large message; nothing more is read meanwhile.
asio::awaitable<std::shared_ptr<ByteBudget::Claim>> WebSocketSession::claim_memory(std::size_t bytes) {
  std::shared_ptr<ByteBudget::Claim> claim = context_->bodies->claim(bytes, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->stream_.get_executor(), [weak] {
      if (const auto session = weak.lock()) session->room_.cancel();
    });
  });
  while (!closed_ && !claim->granted()) {
    error_code ec;
    co_await room_.async_wait(into(ec));
  }
  co_return claim;
}

Reply WebSocketSession::reply() {
  return [weak = weak_from_this()](Answer answer) {
    const auto self = weak.lock();
    if (!self) return false;
    asio::post(self->stream_.get_executor(), [weak, answer = std::move(answer)]() mutable {
      if (const auto session = weak.lock()) session->answered(std::move(answer));
    });
    return true;
  };
}

void WebSocketSession::take(std::string text, std::shared_ptr<ByteBudget::Claim> claim) {
  ++outstanding_;
  context_->running.fetch_add(1);
  auto respond = [respond = reply(), claim = std::move(claim)](Answer answer) {
    return respond(std::move(answer));
  };
  channel_ ? channel_->message(std::move(text), std::move(respond))
           : context_->handler.frame(std::move(text), next_request_id(), std::move(respond));
}

void WebSocketSession::answered(Answer answer) {
  if (answer.complete) {
    --outstanding_;
    context_->running.fetch_sub(1);
  }
  if (closed_ || turned_away_ != nullptr) return;
  ending_ = ending_ || answer.close;
  if (!answer.body.empty()) {
    queued_bytes_ += weight(answer);
    context_->queued.fetch_add(weight(answer));
    outbox_.push_back(std::move(answer));
  }
  if (hoards()) return turn_away("unread", "answers are not read");
  room_.cancel();
  output_.cancel();
}

/// More answers wait for this client than one may have, or it has its part in more than there is memory for.
/// A single answer always passes.
bool WebSocketSession::hoards() const {
  if (outbox_.size() + (writing_ ? 1 : 0) < 2) return false;
  const bool crowded = context_->queued > context_->options.body_memory && queued_bytes_ > large_body;
  return crowded || queued_bytes_ > context_->options.outbox_limit;
}

/// Takes nothing more of the client, forgets what waits for it, and tells it why.
void WebSocketSession::turn_away(std::string_view counted_as, const char* why) {
  if (turned_away_ != nullptr) return;
  cut_off(counted_as, why);
  turned_away_ = why;
  turned_away_at_ = Clock::now();
  channel_.reset();
  std::size_t dropped = 0;
  for (const auto& answer : outbox_) dropped += weight(answer);
  outbox_.clear();
  queued_bytes_ -= dropped;
  context_->queued.fetch_sub(dropped);
  room_.cancel();
  output_.cancel();
}

void WebSocketSession::cut_off(std::string_view counted_as, const char* why) {
  context_->handler.cut_off(counted_as);
  log::write(log::Level::warning, "gateway: WebSocket " + request_id_ + " is cut off: " + why);
}

asio::awaitable<void> WebSocketSession::write() {
  while (!closed_) {
    error_code ec;
    if (turned_away_ != nullptr) {
      co_await stream_.async_close({websocket::close_code::policy_error, turned_away_}, into(ec));
      break;
    }
    if (!outbox_.empty()) {
      const auto next = std::move(outbox_.front());
      outbox_.pop_front();
      const bool written = co_await write_message(next);
      queued_bytes_ -= weight(next);
      context_->queued.fetch_sub(weight(next));
      if (!written && turned_away_ == nullptr) break;
      room_.cancel();
    } else if (ending_) {
      co_await stream_.async_close(websocket::close_code::normal, into(ec));
      break;
    } else if (draining_ && outstanding_ == 0) {
      co_await stream_.async_close({websocket::close_code::going_away, "shutting down"}, into(ec));
      break;
    } else {
      co_await output_.async_wait(into(ec));
    }
  }
  finish();
}

asio::awaitable<bool> WebSocketSession::write_message(const Answer& answer) {
  const auto& text = answer.body;
  stream_.text(true);
  writing_ = true;
  error_code ec;
  std::size_t written = 0;
  bool last = false;
  while (!last && !ec && !closed_ && turned_away_ == nullptr) {
    const auto size = std::min(part_size, text.size() - written);
    last = written + size == text.size();
    wrote_ = Clock::now();
    co_await stream_.async_write_some(last, asio::buffer(text.data() + written, size), into(ec));
    written += size;
  }
  writing_ = false;
  const bool whole = last && !ec;
  if (whole && answer.written) answer.written();
  co_return whole;
}

/// On its own: a ping waits behind a write that a client which does not read holds up. One at a time: the
/// stream has room for one that waits.
asio::awaitable<void> WebSocketSession::ping() {
  error_code ec;
  pinging_ = true;
  co_await stream_.async_ping({}, into(ec));
  pinging_ = false;
}

/// Pings a silent client, and gives up on one that neither answers nor reads.
asio::awaitable<void> WebSocketSession::keep() {
  const auto step = std::max<Duration>(context_->options.idle_timeout / 4, std::chrono::milliseconds(10));
  while (!closed_) {
    error_code ec;
    tick_.expires_after(asio_duration(step));
    co_await tick_.async_wait(into(ec));
    if (closed_) co_return;
    check_deadlines();
    if (closed_) co_return;
    const bool silent = reading_ && Clock::now() - heard_ > context_->options.idle_timeout / 2;
    if (silent && !pinged_ && !pinging_ && !draining_) {
      pinged_ = true;
      spawn(ping());
    }
  }
}

void WebSocketSession::check_deadlines() {
  const auto now = Clock::now();
  const auto limit = context_->options.idle_timeout;
  const auto rate = context_->options.min_ingress_rate;
  if (turned_away_ != nullptr) {
    if (now - turned_away_at_ > limit) finish();
    return;
  }
  if (rate > 0 && message_bytes_ > 0 &&
      now - message_began_ > limit + std::chrono::seconds(message_bytes_ / rate)) {
    return turn_away("slow-message", "a message comes too slowly");
  }
  // Beyond the outstanding limit nothing is read, not even pongs, so silence means nothing then.
  const bool dead = reading_ && pinged_ && now - heard_ > 2 * limit;
  if (!dead && !(writing_ && now - wrote_ > limit)) return;
  dead ? cut_off("silent", "pings are not answered") : cut_off("unread", "answers are not read");
  finish();
}

}  // namespace omnibus::gateway
