#include "services/http/tests/server.hpp"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "support/self_signed.hpp"

namespace omnibus::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast::http;
using asio::ip::tcp;

/// Writes a key and a certificate of its own for 127.0.0.1.
void make_certificate(const std::filesystem::path& folder) {
  const auto identity = make_identity();
  std::ofstream(folder / "key.pem") << identity.key;
  std::ofstream(folder / "certificate.pem") << identity.certificate;
}

std::string chunk(const std::string& text) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  return size.data() + text + "\r\n";
}

}  // namespace

struct Server::Sockets {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  asio::ssl::context tls{asio::ssl::context::tls_server};
};

Server::Server(Script script, Kind kind)
    : script_(std::move(script)), kind_(kind), sockets_(std::make_unique<Sockets>()) {
  ::setenv("no_proxy", "*", 1);
  auto pattern = (std::filesystem::temp_directory_path() / "omnibus-http-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  if (kind_ == Kind::tls) {
    make_certificate(folder_);
    sockets_->tls.use_certificate_file(ca_file(), asio::ssl::context::pem);
    sockets_->tls.use_private_key_file((folder_ / "key.pem").string(), asio::ssl::context::pem);
  }
  thread_ = std::thread([this] { serve(); });
}

Server::~Server() {
  stopping_ = true;
  boost::system::error_code ignored;
  tcp::socket(sockets_->context).connect(sockets_->acceptor.local_endpoint(), ignored);  // wakes accept
  thread_.join();
  std::filesystem::remove_all(folder_);
}

std::string Server::url() const {
  return std::string(kind_ == Kind::tls ? "https" : "http") +
         "://127.0.0.1:" + std::to_string(sockets_->acceptor.local_endpoint().port()) + "/v1";
}

std::vector<Server::Request> Server::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

void Server::serve() {
  while (true) {
    auto socket = sockets_->acceptor.accept();
    if (stopping_) return;
    if (kind_ == Kind::plain) {
      talk(socket);
      continue;
    }
    asio::ssl::stream<tcp::socket> stream(std::move(socket), sockets_->tls);
    boost::system::error_code failure;
    stream.handshake(asio::ssl::stream_base::server, failure);
    if (!failure) talk(stream);
    if (!failure) stream.shutdown(failure);
  }
}

template <class Stream>
void Server::talk(Stream& stream) {
  boost::system::error_code failure;
  boost::beast::flat_buffer buffer;
  beast::request_parser<beast::string_body> parser;
  parser.body_limit(boost::none);
  beast::read(stream, buffer, parser, failure);
  if (failure) return;
  const auto request = parser.release();
  Request taken{std::string(request.target()), std::string(request[beast::field::authorization]),
                request.body(), std::string(request.method_string())};
  for (const auto& field : request) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    taken.headers[name] = field.value();
  }
  {
    const std::scoped_lock lock(mutex_);
    seen_.push_back(taken);
  }
  for (const auto& text : script_(taken)) asio::write(stream, asio::buffer(text), failure);
}

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Server::Script always(std::vector<std::string> bytes) {
  return [bytes = std::move(bytes)](const Server::Request&) { return bytes; };
}

std::vector<std::string> events(const std::vector<std::string>& data) {
  auto out = cut_events(data);
  out.push_back(chunk(""));
  return out;
}

std::vector<std::string> cut_events(const std::vector<std::string>& data) {
  std::vector<std::string> out{
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"};
  for (const auto& each : data) out.push_back(chunk("data: " + each + "\n\n"));
  return out;
}

}  // namespace omnibus::http
