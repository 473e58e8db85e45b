#pragma once

/// A TCP connection of the peer. Threads: the peer's only.

#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace omnibus::mqtt {

class PeerLink : public std::enable_shared_from_this<PeerLink> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit PeerLink(Socket socket) : socket_(std::move(socket)) {}
  virtual ~PeerLink() = default;
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void start() { read(); }
  void send(std::string bytes);
  /// Ends the stream behind what was sent. What still comes is read and thrown away: a close with unread
  /// bytes would reset the connection, and the client might lose what was sent to it.
  void finish();
  void close();
  auto executor() { return socket_.get_executor(); }

 protected:
  /// How many of the bytes have been used.
  virtual std::size_t received(std::string_view bytes) = 0;
  /// The client ended the connection. Not called after finish().
  virtual void ended() = 0;

 private:
  void read();
  void write();

  Socket socket_;
  std::string buffer_;
  char piece_[16384];
  std::deque<std::string> outbox_;
  bool finishing_ = false;
};

}  // namespace omnibus::mqtt
