#pragma once

/// JSON as msgpack, and back. Source: the msgpack specification, version 5. Threads: pure functions.

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace omnibus::gateway {

/// What is no msgpack, or more than JSON can say.
class NotMsgpack {
 public:
  explicit NotMsgpack(std::string reason) : reason_(std::move(reason)) {}
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// Appends the value in its shortest form; real numbers with 64 bits.
void to_msgpack(const boost::json::value& value, std::string& out);

/// Takes the first value off `bytes`. Binary becomes text. Limits: 128 levels; nothing is allocated for items
/// that are not there. Errors: NotMsgpack.
boost::json::value take_msgpack(std::string_view& bytes);

}  // namespace omnibus::gateway
