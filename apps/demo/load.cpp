#include "apps/demo/load.hpp"

#include <sys/socket.h>

#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>
#include <omnibus/json.hpp>
#include <omnibus/time.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::demo {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

constexpr auto patience = std::chrono::seconds(20);  ///< for the gateway to hear of the flow
constexpr int answer_seconds = 60;

/// The body of text-load.
struct TextLoad {
  std::string id, text, user, collection;
};

struct Address {
  std::string host, port;
};

Address parse(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const auto colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon < scheme.size()) {
    throw ConfigError("--gateway is '" + std::string(url) + "'", "it takes http://HOST:PORT");
  }
  return {std::string(url.substr(scheme.size(), colon - scheme.size())), std::string(url.substr(colon + 1))};
}

/// The "error" of an answer as text; empty when there is none.
std::string error_of(const std::string& body) {
  const auto answer = json::parse(body, "the gateway's answer");
  if (!answer.is_object()) return "unexpected answer " + body;
  const auto* error = answer.get_object().if_contains("error");
  return error == nullptr ? std::string{} : json::python_text(*error);
}

}  // namespace

struct Loader::Impl {
  Impl(const std::string& gateway, const std::string& flow)
      : address(parse(gateway)), target("/api/v1/flow/" + flow + "/service/text-load"), socket(context) {
    try {
      boost::asio::connect(socket, tcp::resolver(context).resolve(address.host, address.port));
      socket.set_option(tcp::no_delay(true));
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorCode::unavailable, "cannot connect to " + gateway + ": " + error.code().message());
    }
    const timeval limit{.tv_sec = answer_seconds, .tv_usec = 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  /// Returns the error of the answer, empty on success.
  std::string post(const std::string& body) {
    try {
      http::request<http::string_body> request{http::verb::post, target, 11, body};
      request.set(http::field::host, address.host);
      request.set(http::field::content_type, "application/json");
      request.prepare_payload();
      http::write(socket, request);
      http::response<http::string_body> response;
      http::read(socket, buffer, response);
      if (response.result() != http::status::ok) {
        return "status " + std::to_string(response.result_int()) + ": " + response.body();
      }
      return error_of(response.body());
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorCode::unavailable, "the gateway does not answer: " + error.code().message());
    }
  }

  const Address address;
  const std::string target;
  boost::asio::io_context context;
  tcp::socket socket;
  boost::beast::flat_buffer buffer;
};

Loader::Loader(const std::string& gateway, const std::string& flow)
    : impl_(std::make_unique<Impl>(gateway, flow)) {}

Loader::~Loader() = default;

void Loader::load(const Document& document) {
  const auto body = json::encode(TextLoad{
      .id = document.id, .text = base64::encode(*document.text), .user = "demo", .collection = "default"});
  const auto deadline = deadline_after(patience);
  for (;;) {
    const auto error = impl_->post(body);
    if (error.empty()) return;
    if (!error.starts_with("Invalid flow") || Clock::now() >= deadline) {
      throw Error(ErrorCode::io, "the gateway refused " + document.id + ": " + error);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace omnibus::demo
