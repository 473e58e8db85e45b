#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/time.hpp>

namespace omnibus::http {

struct Request {
  std::string url;
  std::string method = "POST";            ///< or "GET", "PUT", "DELETE"
  std::vector<std::string> headers = {};  ///< "Name: value"; "Name:" keeps libcurl from one of its own
  std::string body = {};
  Duration timeout = std::chrono::minutes(10);  ///< for connecting, and for each silence after it
};

/// Sends requests over HTTP/1.1 and HTTP/2, plain or TLS, on connections that it keeps. Proxies come from the
/// environment. Follows no redirects. Threads: any; each call holds its caller until it has ended.
class Client {
 public:
  /// `ca_file`: PEM certificates to trust; empty: the system's.
  explicit Client(std::string ca_file);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Takes the status, 0 before it is known, and some bytes of the body. What it throws ends the call.
  using Received = std::function<void(int status, std::string_view bytes)>;

  /// The status, any. Errors: Error{unavailable} when nobody answers or the connection ends early;
  /// TimeoutError; Error{authentication} when the certificate is not trusted; ClosedError after `stop`; what
  /// `received` threw.
  int send(const Request& request, const Received& received, const std::stop_token& stop);

 private:
  struct Session;
  std::unique_ptr<Session> take();
  void give_back(std::unique_ptr<Session> session);

  const std::string ca_file_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace omnibus::http
