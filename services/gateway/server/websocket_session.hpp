#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "services/gateway/server/context.hpp"

namespace omnibus::gateway {

/// One WebSocket, for requests of all kinds or for the import or export of a flow: up to `outstanding`
/// messages at once, answers in the order they come. Back-pressure is not
/// reading. Three coroutines: reader, writer, keeper (pings and deadlines).
/// Threads: everything runs on the connection's strand, but for drain, abort and the replies.
class WebSocketSession final : public Session, public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;

  WebSocketSession(std::shared_ptr<Context> context, boost::asio::ip::tcp::socket socket);
  ~WebSocketSession() override;
  /// `flow`: what it imports or exports; empty for requests.
  static void start(std::shared_ptr<Context> context, boost::asio::ip::tcp::socket socket, Request request,
                    std::optional<FlowSocket> flow);

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
  bool check_deadlines();
  Awaitable<std::shared_ptr<ByteBudget::Claim>> claim_memory(std::size_t bytes);
  void take(std::string text, std::shared_ptr<ByteBudget::Claim> claim);
  void answered(Answer answer);
  bool hoards() const;
  void finish();
  void spawn(Awaitable<void> task);

  // Destroyed last: the socket below needs its I/O context.
  const std::shared_ptr<Context> context_;
  const Sessions::Registration registration_;
  boost::beast::websocket::stream<boost::beast::tcp_stream> stream_;
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
  bool ending_ = false;  // closes once the outbox is empty
  bool closed_ = false;
};

}  // namespace omnibus::gateway
