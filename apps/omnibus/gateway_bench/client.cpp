#include "gateway_bench/client.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gateway_bench/http_client.hpp"
#include "gateway_bench/socket_client.hpp"

namespace omnibus::app::gateway_bench {

namespace json = boost::json;

namespace {

constexpr std::size_t most_shown = 200;  // of an answer, in a message

/// `text` for a query: what is not plain becomes %XX.
std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char each : text) {
    const bool plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
                       (each >= '0' && each <= '9') || each == '-' || each == '_' || each == '.';
    if (plain) {
      result += each;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(each));
    }
  }
  return result;
}

/// The error in an answer; null when it says none.
const json::value* error_in(const json::value& answer, bool socket) {
  const auto* fields = answer.if_object();
  const auto* response = socket && fields != nullptr ? fields->if_contains("response") : nullptr;
  for (const auto* part : {fields, response != nullptr ? response->if_object() : nullptr}) {
    const auto* error = part != nullptr ? part->if_contains("error") : nullptr;
    if (error != nullptr && !error->is_null()) return error;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Client> make_client(Protocol protocol, boost::asio::io_context& io, const Endpoint& endpoint,
                                    const Target& target, std::string_view body) {
  if (protocol == Protocol::http) return std::make_unique<HttpClient>(io, endpoint, target, body);
  return std::make_unique<SocketClient>(io, endpoint, target, frame_of(target, body));
}

std::string service_path(const Target& target) {
  return target.flow.empty() ? "/api/v1/" + target.service
                             : "/api/v1/flow/" + target.flow + "/service/" + target.service;
}

std::string socket_path(const Target& target) {
  return "/api/v1/socket" + (target.token.empty() ? "" : "?token=" + percent_encoded(target.token));
}

std::string authority_of(const Target& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  return (v6 ? "[" + target.host + "]" : target.host) + ":" + target.port;
}

std::string frame_of(const Target& target, std::string_view body) {
  json::object frame{{"id", "1"}, {"service", target.service}};
  if (!target.flow.empty()) frame.emplace("flow", target.flow);
  auto text = json::serialize(frame);
  text.pop_back();
  return text.append(R"(,"request":)").append(body).append("}");
}

std::string refusal_of(unsigned status, std::string_view answer, bool socket) {
  constexpr unsigned first_error = 300;
  if (status >= first_error) return fmt::format("HTTP {}: {}", status, answer.substr(0, most_shown));
  if (answer.find(R"("error")") == std::string_view::npos) return {};  // nearly always: nothing to parse
  boost::system::error_code ec;
  const auto value = json::parse({answer.data(), answer.size()}, ec);
  if (ec) return "an answer that is no JSON";
  const auto* error = error_in(value, socket);
  return error == nullptr ? std::string() : json::serialize(*error).substr(0, most_shown);
}

}  // namespace omnibus::app::gateway_bench
