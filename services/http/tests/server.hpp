#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace omnibus::http {

/// A small HTTP server on a loopback port that answers as a script says, byte by byte, and closes each
/// connection. Threads: any.
class Server {
 public:
  struct Request {
    std::string target, authorization, body;
    std::string method = {};
    std::map<std::string, std::string> headers = {};  ///< small names
  };
  /// The bytes of the answer, status line and all; each text is one write.
  using Script = std::function<std::vector<std::string>(const Request&)>;
  enum class Kind : std::uint8_t { plain, tls };

  explicit Server(Script script, Kind kind = Kind::plain);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// "http://127.0.0.1:1234/v1".
  std::string url() const;
  /// Its own certificate, for 127.0.0.1.
  std::string ca_file() const { return (folder_ / "certificate.pem").string(); }
  std::vector<Request> seen() const;

 private:
  struct Sockets;
  void serve();
  template <class Stream>
  void talk(Stream& stream);

  const Script script_;
  const Kind kind_;
  std::filesystem::path folder_;
  std::unique_ptr<Sockets> sockets_;
  mutable std::mutex mutex_;  // guards seen_
  std::vector<Request> seen_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// An answer with a length.
std::string answer(const std::string& status, const std::string& body);
/// A script that says the same to everybody.
Server::Script always(std::vector<std::string> bytes);

/// A server that says nothing until this object goes.
struct Silence {
  std::promise<void> over = {}, asked = {};
  Server server{[this](const Server::Request&) {
    asked.set_value();
    over.get_future().wait();
    return std::vector<std::string>{};
  }};
  ~Silence() { over.set_value(); }
};

/// A chunked answer of events; the last chunk ends it.
std::vector<std::string> events(const std::vector<std::string>& data);
/// The same, cut off before its end.
std::vector<std::string> cut_events(const std::vector<std::string>& data);

}  // namespace omnibus::http
