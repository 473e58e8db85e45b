#pragma once

/// What the sockets know of the rest of the gateway: texts in, texts out.

#include <functional>
#include <optional>
#include <string>

namespace omnibus::gateway {

/// One answer as it goes to the client.
struct Answer {
  std::string body;       ///< JSON text
  unsigned status = 200;  ///< of the HTTP response; a WebSocket has none
  bool complete = true;   ///< the last one of its request
};

/// Takes the answers of one request, in order; false when the client is gone and no more are wanted.
/// Threads: any, one at a time per request; never blocks.
using Reply = std::function<bool(Answer)>;

/// A request as it came over HTTP.
struct HttpCall {
  std::optional<std::string> flow;  ///< empty: a global service
  std::string service;
  std::string body;
};

/// Serves requests. Every call is answered, the last answer being complete.
/// Threads: called on the I/O threads, so nothing here may block.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void http(HttpCall call, Reply reply) = 0;
  /// One message of a WebSocket; the answers are whole messages.
  virtual void frame(std::string text, Reply reply) = 0;
  /// The answer to a body over the limit.
  virtual Answer body_too_large(std::size_t limit) = 0;
};

}  // namespace omnibus::gateway
