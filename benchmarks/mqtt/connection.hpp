#pragma once

/// What the peers' library has to do, so that one program measures each of them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace omnibus::benchmarks {

/// Told by the library's own thread, one call at a time. Nothing may be thrown.
class Events {
 public:
  virtual void received(std::string_view payload) noexcept = 0;
  /// One message has gone as far as its QoS asks: 0 handed to the socket, 1 PUBACK, 2 PUBCOMP.
  virtual void sent() noexcept = 0;
  virtual void failed(const std::string& why) noexcept = 0;

 protected:
  ~Events() = default;
};

struct Link {
  std::string host;
  std::uint16_t port;
  std::string client_id;
  int qos;
  std::uint16_t window;  // receive maximum, and the largest number of messages on their way out
};

/// A connection of MQTT 5 with a session of its own, gone with it. Threads: one, beside the library's own.
/// Errors: std::runtime_error with the library's words.
class Connection {
 public:
  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Returns when the broker has confirmed.
  virtual void subscribe(const std::string& topic) = 0;
  /// Does not wait; the caller keeps the window.
  virtual void publish(const std::string& topic, std::string_view payload) = 0;
};

/// Of the library that the program is linked with. `events` outlives the connection.
std::unique_ptr<Connection> open_connection(const Link& link, Events& events);

}  // namespace omnibus::benchmarks
