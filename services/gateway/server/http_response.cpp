#include "services/gateway/server/http_response.hpp"

#include <boost/beast/http/error.hpp>
#include <omnibus/version.hpp>

namespace omnibus::gateway {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::string_view octets_type = "application/octet-stream";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

}  // namespace

bool is_malformed(const error_code& ec) {
  return ec.category() == http::make_error_code(http::error::bad_version).category() &&
         ec != http::error::end_of_stream;
}

HttpResponse HttpResponse::text(http::status status, std::string_view why) {
  auto body =
      std::to_string(static_cast<unsigned>(status)) + ": " + std::string(http::obsolete_reason(status));
  if (!why.empty()) body.append(" (").append(why).append(")");
  return {.status = static_cast<unsigned>(status), .body = std::move(body), .type = text_type};
}

HttpResponse HttpResponse::malformed(const error_code& ec) {
  return text(ec == http::error::header_limit ? http::status::request_header_fields_too_large
                                              : http::status::bad_request,
              ec.message());
}

HttpResponse HttpResponse::of(Answer answer) {
  return {
      .status = answer.status, .body = std::move(answer.body), .type = answer.octets ? octets_type : json};
}

HttpResponse HttpResponse::of(const PageFile& file, std::string_view if_none_match) {
  if (has_already(file, if_none_match)) {
    return {.status = static_cast<unsigned>(http::status::not_modified), .type = {}, .file = &file};
  }
  return {.body = std::string(file.body), .type = file.type, .file = &file};
}

HttpResponse::Message HttpResponse::message(const HttpPeer& peer, bool keep) && {
  Message message;
  message.version(peer.version);
  message.result(status);
  message.set(http::field::server, "omnibus/" OMNIBUS_VERSION);
  if (!type.empty()) message.set(http::field::content_type, type);
  if (!peer.request_id.empty()) message.set("X-Request-Id", peer.request_id);
  if (!allow.empty()) message.set(http::field::allow, allow);
  if (file != nullptr) {
    message.set(http::field::etag, file->etag);
    message.set(http::field::cache_control, "no-cache");
    message.set("Content-Security-Policy", page_policy);
    message.set("X-Content-Type-Options", "nosniff");
    message.set("Referrer-Policy", "no-referrer");
  }
  if (wait) message.set(http::field::retry_after, "1");
  if (!peer.origin.empty()) {
    message.set(http::field::access_control_allow_origin, peer.origin);
    message.set(http::field::access_control_expose_headers, "X-Request-Id");
    message.set(http::field::vary, "Origin");
  }
  if (preflight) {
    message.set(http::field::access_control_allow_methods, "GET, POST");
    message.set(http::field::access_control_allow_headers, "Authorization, Content-Type, X-Request-Id");
    message.set(http::field::access_control_max_age, "600");
  }
  message.keep_alive(keep);
  // Also of what HEAD leaves out; a 304 would tell of the page that the client has.
  if (message.result() != http::status::not_modified) message.content_length(body.size());
  if (!peer.head_method) message.body() = std::move(body);
  return message;
}

}  // namespace omnibus::gateway
