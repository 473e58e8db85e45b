#pragma once

#include <poll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "backends/mqtt/tests/peer.hpp"

namespace omnibus::mqtt {

/// A client that sends what it is told and nothing by itself. Threads: one.
class PlainClient {
 public:
  explicit PlainClient(const Peer& peer, Version version = Version::v5) : version_(version) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), peer.port()});
  }

  PlainClient& send(const Packet& packet) {
    std::string bytes;
    write(bytes, version_, packet);
    return send_bytes(bytes);
  }
  PlainClient& send_bytes(const std::string& bytes) {
    boost::asio::write(socket_, boost::asio::buffer(bytes));
    return *this;
  }

  /// The next packet; empty when the peer has ended the connection. Errors: std::runtime_error after 20 s.
  std::optional<Seen> next() {
    for (;;) {
      if (const auto frame = first_frame(buffer_, ~std::size_t{0})) {
        auto seen = Seen::of({}, Direction::to_client, version_, buffer_.substr(0, frame->size));
        buffer_.erase(0, frame->size);
        return seen;
      }
      pollfd wanted{socket_.native_handle(), POLLIN, 0};
      if (::poll(&wanted, 1, 20'000) != 1) throw std::runtime_error("the peer sends nothing");
      char piece[4096];
      boost::system::error_code error;
      const auto count = socket_.read_some(boost::asio::buffer(piece), error);
      if (error) return std::nullopt;
      buffer_.append(piece, count);
    }
  }
  /// The next packet, which is of this type. Errors: std::runtime_error when it is not.
  Seen expect(Type type) {
    auto found = next();
    if (!found)
      throw std::runtime_error("the peer ended the connection before a " + std::string(to_string(type)));
    if (found->type != type)
      throw std::runtime_error("a " + std::string(to_string(found->type)) + " came instead of a " +
                               std::string(to_string(type)));
    return std::move(*found);
  }
  bool is_ended() { return !next(); }

 private:
  Version version_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  std::string buffer_;
};

inline Connect lasting(std::string_view client) {
  Connect packet{.client_id = client, .clean_start = false};
  packet.properties.session_expiry = 3600;
  return packet;
}

inline Ack ack(Type type, std::uint16_t id) { return {.type = type, .id = id}; }

inline std::string payload(const Seen& seen) { return std::string(std::get<Publish>(seen.packet).payload); }

inline Seen subscribe(PlainClient& client, std::string_view filter, std::uint8_t qos = 2) {
  client.send(Subscribe{.id = 60'000, .filters = {{.filter = filter, .qos = qos}}});
  return client.expect(Type::suback);
}

/// A client with a lasting session, connected.
struct Member : PlainClient {
  Member(const Peer& peer, std::string_view id, Version version = Version::v5) : PlainClient(peer, version) {
    send(lasting(id));
    session_present = std::get<Connack>(expect(Type::connack).packet).session_present;
  }
  bool session_present = false;
};

}  // namespace omnibus::mqtt
