#pragma once

#include <string>
#include <string_view>

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include "services/gateway/page/page.hpp"
#include "services/gateway/server/handler.hpp"

namespace omnibus::gateway {

/// What of a request its answer needs.
struct HttpPeer {
  unsigned version = 11;
  bool keep_alive = false;
  bool head_method = false;
  std::string request_id = {};
  std::string origin = {};          ///< that may read the answer; empty: none asked, or it may not
  std::string_view route = "none";  ///< for metrics
};

/// An answer before it is serialised.
struct HttpResponse {
  using Message = boost::beast::http::response<boost::beast::http::string_body>;
  static constexpr std::string_view json = "application/json; charset=utf-8";

  unsigned status = 200;
  std::string body = {};
  std::string_view type = json;
  std::string_view allow = {};     ///< methods, with status 405
  const PageFile* file = nullptr;  ///< of the web page, with the fields that protect it
  bool preflight = false;          ///< says what other origins may send
  bool wait = false;               ///< says that the client may come again in a second
  bool close = false;

  /// "404: Not Found", as existing clients know it.
  static HttpResponse text(boost::beast::http::status status, std::string_view why = {});
  /// What came is no HTTP.
  static HttpResponse malformed(const boost::system::error_code& ec);
  static HttpResponse of(Answer answer);
  /// A file of the web page; status 304 without it when the client has it already.
  static HttpResponse of(const PageFile& file, std::string_view if_none_match);

  /// With all header fields. `keep`: the connection goes on.
  Message message(const HttpPeer& peer, bool keep) &&;
};

/// What came is no HTTP; else it is the connection that failed.
bool is_malformed(const boost::system::error_code& ec);

}  // namespace omnibus::gateway
