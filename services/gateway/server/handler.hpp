#pragma once

/// What the sockets know of the rest of the gateway: texts in, texts out.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace omnibus::gateway {

/// One answer as it goes to the client.
struct Answer {
  std::string body;       ///< JSON text
  unsigned status = 200;  ///< of the HTTP response; a WebSocket has none
  bool complete = true;   ///< the last one of its request
  bool octets = false;    ///< of HTTP: bytes, no JSON
  bool close = false;     ///< of a WebSocket: it is closed then; an empty body is not sent
  bool failed = false;    ///< the body tells an error
  /// Called on an I/O thread once the body has gone out; never when it could not.
  std::function<void()> written = nullptr;
};

/// Takes the answers of one request, in order; false when the client is gone and no more are wanted.
/// Threads: any, one at a time per request; never blocks.
using Reply = std::function<bool(Answer)>;

/// A request as it came over HTTP.
struct HttpCall {
  std::optional<std::string> flow;  ///< empty: a global service
  std::string service;
  std::string body;
  std::string request_id = {};  ///< names it in the log
};

/// A stream of msgpack into the knowledge service, or out of it.
struct CoreCall {
  enum class Direction : std::uint8_t { import, export_ };
  Direction direction = Direction::import;
  std::optional<std::string> id, user;  ///< of the query
  std::string body = {};
  std::string request_id = {};  ///< names it in the log
};

/// An import or export socket of a flow.
struct FlowSocket {
  enum class Direction : std::uint8_t { import, export_ };
  Direction direction = Direction::import;
  std::string flow;
  std::string kind;
  std::string request_id = {};  ///< names it in the log
};

/// The far end of an import or export socket; let go of when the client has gone.
/// Threads: called on the I/O threads, one call at a time; nothing here may block.
class Channel {
 public:
  virtual ~Channel() = default;
  /// One message of the client. Answered once, as every request.
  virtual void message(std::string text, Reply reply) = 0;
};

/// Serves requests. Every call is answered, the last answer being complete.
/// Threads: called on the I/O threads, so nothing here may block.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void http(HttpCall call, Reply reply) = 0;
  virtual void core(CoreCall call, Reply reply) = 0;
  /// One message of a WebSocket; the answers are whole messages. `request_id` names it in the log.
  virtual void frame(std::string text, std::string request_id, Reply reply) = 0;
  /// `reply` takes what goes to the client unasked; a refusal is an answer that closes.
  virtual std::shared_ptr<Channel> open(FlowSocket socket, Reply reply) = 0;
  /// What is missing before requests can be served, as JSON; status 503 when something is.
  virtual void ready(Reply reply) = 0;
  /// What is going on: flows, services, queues, last errors, as JSON.
  virtual void status(Reply reply) = 0;
  /// An HTTP response goes out; `route` is one of a fixed few.
  virtual void count(std::string_view route, unsigned status) = 0;
  /// A connection was ended by the gateway; `why` is one of a fixed few.
  virtual void cut_off(std::string_view why) = 0;
  /// The answer to a body over the limit.
  virtual Answer body_too_large(std::size_t limit) = 0;
};

}  // namespace omnibus::gateway
