#pragma once

/// One HTTP request over a connection of its own, for the administration interfaces of brokers.

#include <map>
#include <string>

#include "wire/stream.hpp"

namespace omnibus::wire {

struct HttpRequest {
  std::string method = "GET";
  std::string path;  ///< encoded, with its query
  std::map<std::string, std::string> headers = {};
  std::string body = {};
};

struct HttpResponse {
  int status = 0;
  std::string body = {};
};

using HttpDone = UniqueFunction<void(const Error*, HttpResponse)>;

/// Ends a request with an error before its answer; does nothing once it has completed.
using HttpGiveUp = UniqueFunction<void(const Error&)>;

/// Sends it and completes once, on the loop, later. Any status is success here. Errors: unavailable,
/// authentication (TLS), protocol, timeout. Who ends the loop before gives up first. Threads: the loop's
/// only.
HttpGiveUp http_request(Loop& loop, Stream::Target target, const HttpRequest& request, Duration timeout,
                        HttpDone done);

/// Reads one response. Threads: like a container.
class HttpReader {
 public:
  /// Takes more bytes; true once the response is complete. Errors: ProtocolError.
  bool take(std::string_view bytes);
  /// The peer closed; true when that completes the response.
  bool end();
  HttpResponse& response() noexcept { return response_; }

 private:
  enum class Part { head, sized, chunk_size, chunk, trailer, until_end, complete, broken };
  bool step();
  bool read_head();
  bool read_chunk_size();
  bool move_body(std::size_t count);

  std::string buffer_;
  Part part_ = Part::head;
  std::size_t left_ = 0;  ///< of the body or of the chunk
  HttpResponse response_;
};

}  // namespace omnibus::wire
