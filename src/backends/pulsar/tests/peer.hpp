#pragma once

/// A broker for tests, in this process: it answers each command as a script says.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backends/pulsar/frame.hpp"

namespace omnibus::pulsar {

/// Threads: one that accepts, one for each connection; the script may run on several at once.
class Peer {
 public:
  /// The bytes to answer with; empty optional to close the connection.
  using Script = std::function<std::optional<std::string>(const Frame&)>;

  explicit Peer(Script script) : script_(std::move(script)), acceptor_thread_([this] { accept(); }) {}
  ~Peer() {
    // Wakes the accepting thread, which sees the flag.
    over_ = true;
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket waker(context);
    boost::system::error_code ignored;
    waker.connect(acceptor_.local_endpoint(), ignored);
    acceptor_thread_.join();
    for (auto& socket : sockets_) socket->shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
    for (auto& thread : threads_) thread.join();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void accept() {
    for (;;) {
      auto socket = std::make_shared<Socket>(context_);
      boost::system::error_code error;
      acceptor_.accept(*socket, error);
      if (over_ || error) return;
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket] { serve(*socket); });
    }
  }

  void serve(Socket& socket) {
    std::string buffer;
    boost::system::error_code error;
    while (!error) {
      char piece[4096];
      buffer.append(piece, socket.read_some(boost::asio::buffer(piece), error));
      while (const auto frame = first_frame(buffer, default_max_message_size)) {
        const auto answer = script_(parse_frame(*frame));
        buffer.erase(0, frame->size());
        // Not closed: the destructor may look at it meanwhile.
        if (!answer) return socket.shutdown(Socket::shutdown_both, error), void();
        if (!answer->empty()) boost::asio::write(socket, boost::asio::buffer(*answer), error);
      }
    }
  }

  const Script script_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> over_ = false;
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_thread_;
};

inline std::string frame_of(const proto::BaseCommand& command) {
  std::string out;
  append_command(out, command);
  return out;
}

inline std::string connected() {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::CONNECTED);
  command.mutable_connected()->set_server_version("test");
  return frame_of(command);
}

inline std::string refused(std::uint64_t request, proto::ServerError code, const std::string& message) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::ERROR);
  command.mutable_error()->set_request_id(request);
  command.mutable_error()->set_error(code);
  command.mutable_error()->set_message(message);
  return frame_of(command);
}

}  // namespace omnibus::pulsar
