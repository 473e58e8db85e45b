#pragma once

/// Bodies and messages of clients as JSON. Threads: pure functions.

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace omnibus::gateway {

/// Not JSON; the text says why and where, in the words that existing clients know:
/// "Expecting ',' delimiter: line 1 column 9 (char 8)".
class NotJson {
 public:
  explicit NotJson(std::string reason) : reason_(std::move(reason)) {}
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// Limits: 128 levels. Errors: NotJson.
boost::json::value parse_body(std::string_view text);

/// Why Python's reader would refuse `text`; empty when it would not. Positions count characters.
/// Source: CPython 3.12, Modules/_json.c.
std::string python_complaint(std::string_view text);

}  // namespace omnibus::gateway
