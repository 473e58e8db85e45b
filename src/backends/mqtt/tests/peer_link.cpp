#include "backends/mqtt/tests/peer_link.hpp"

#include <boost/asio/write.hpp>

namespace omnibus::mqtt {

void PeerLink::send(std::string bytes) {
  outbox_.push_back(std::move(bytes));
  if (outbox_.size() == 1) write();
}

void PeerLink::finish() {
  finishing_ = true;
  boost::system::error_code ignored;
  if (outbox_.empty()) socket_.shutdown(Socket::shutdown_send, ignored);
}

void PeerLink::close() {
  finishing_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void PeerLink::read() {
  socket_.async_read_some(
      boost::asio::buffer(piece_),
      [this, self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
        if (error) {
          if (!finishing_) ended();
          return close();
        }
        if (!finishing_) {
          buffer_.append(piece_, count);
          buffer_.erase(0, received(buffer_));
        }
        read();
      });
}

void PeerLink::write() {
  boost::asio::async_write(
      socket_, boost::asio::buffer(outbox_.front()),
      [this, self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
        // A broken connection is seen by reading.
        if (error) return;
        outbox_.pop_front();
        if (!outbox_.empty()) return write();
        boost::system::error_code ignored;
        if (finishing_) socket_.shutdown(Socket::shutdown_send, ignored);
      });
}

}  // namespace omnibus::mqtt
