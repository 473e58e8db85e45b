#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "services/gateway/server/client_stream.hpp"
#include "services/gateway/server/context.hpp"

namespace omnibus::gateway {

/// One WebSocket, for requests of all kinds or for the import or export of a flow: up to `outstanding`
/// messages at once, answers in the order they come. Back-pressure is not reading. A client that is turned
/// away is told why in a close frame, and has the idle timeout to read it. Three coroutines: reader, writer,
/// keeper (pings and deadlines).
/// Threads: everything runs on the connection's strand, but for drain, abort and the replies.
class WebSocketSession final : public Session, public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;

  WebSocketSession(std::shared_ptr<Context> context, ClientStream client, std::string request_id);
  ~WebSocketSession() override;
  /// `request_id`: of the handshake; names the socket in the log. `flow`: what it imports or exports; empty
  /// for requests.
  static void start(std::shared_ptr<Context> context, ClientStream client, Request request,
                    std::string request_id, std::optional<FlowSocket> flow);

  void drain() override;
  void abort() override;

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  Awaitable<void> run(Request request, std::optional<FlowSocket> flow);
  Reply reply();
  Awaitable<void> read();
  Awaitable<bool> read_message(std::string& text);
  Awaitable<void> pace();
  Awaitable<void> write();
  Awaitable<bool> write_message(const Answer& answer);
  Awaitable<void> ping();
  Awaitable<void> keep();
  void check_deadlines();
  Awaitable<std::shared_ptr<ByteBudget::Claim>> claim_memory(std::size_t bytes);
  void take(std::string text, std::shared_ptr<ByteBudget::Claim> claim);
  void answered(Answer answer);
  bool hoards() const;
  void turn_away(std::string_view counted_as, const char* why);
  void cut_off(std::string_view counted_as, const char* why);
  std::string next_request_id() { return request_id_ + "-" + std::to_string(++requests_); }
  void finish();
  void spawn(Awaitable<void> task);

  // Destroyed last: the socket below needs its I/O context.
  const std::shared_ptr<Context> context_;
  const Sessions::Registration registration_;
  const std::string request_id_;
  std::uint64_t requests_ = 0;
  boost::beast::websocket::stream<ClientStream> stream_;
  boost::asio::steady_timer room_;    // wakes the reader
  boost::asio::steady_timer output_;  // wakes the writer
  boost::asio::steady_timer tick_;    // paces the keeper
  std::shared_ptr<Channel> channel_;  // of an import or export
  std::deque<Answer> outbox_;
  std::size_t queued_bytes_ = 0;
  std::size_t outstanding_ = 0;
  boost::asio::ip::address address_;        // the client's
  TimePoint message_began_ = Clock::now();  // of the message being read, its first part
  std::size_t message_bytes_ = 0;           // of it, 0: none has begun
  TimePoint heard_ = Clock::now();          // last byte from the client
  TimePoint wrote_ = Clock::now();          // last progress of the message being written
  bool reading_ = false;
  bool writing_ = false;
  bool pinged_ = false;   // since the client was last heard
  bool pinging_ = false;  // a ping is being written
  bool draining_ = false;
  bool ending_ = false;                // closes once the outbox is empty
  const char* turned_away_ = nullptr;  // why; closes as soon as the client reads
  TimePoint turned_away_at_ = {};
  bool closed_ = false;
};

}  // namespace omnibus::gateway
