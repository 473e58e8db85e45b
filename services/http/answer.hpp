#pragma once

/// Reading what an endpoint answered. Threads: pure functions.

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include <omnibus/error.hpp>

namespace omnibus::http {

/// An answer's body. Errors: ProtocolError when it is no JSON.
boost::json::value parsed(std::string_view body);

/// The member of an object; null when there is none.
const boost::json::value* member(const boost::json::value* whole, std::string_view key);

/// Why a status other than 200 came: TooManyRequests for 429, else Error{unavailable}: `Error code: 400 - …`.
Error failure_of(int status, std::string_view body);

}  // namespace omnibus::http
