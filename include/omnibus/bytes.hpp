#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace omnibus {

/// A member whose content is bytes to the program and text on the wire: JSON carries it as a UTF-8 string, as
/// the existing system does; Avro carries it as bytes. Bytes that are not UTF-8 cannot be written as JSON:
/// base64 them first (omnibus/base64.hpp).
/// Threads: like std::string.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::string bytes) noexcept
      : bytes_(std::move(bytes)) {}                 // NOLINT(google-explicit-constructor): assign text to it
  Bytes(std::string_view bytes) : bytes_(bytes) {}  // NOLINT(google-explicit-constructor): as above
  Bytes(const char* bytes) : bytes_(bytes) {}       // NOLINT(google-explicit-constructor): as above

  const std::string& str() const& noexcept { return bytes_; }
  std::string& str() & noexcept { return bytes_; }
  std::string&& str() && noexcept { return std::move(bytes_); }
  operator std::string_view() const noexcept {
    return bytes_;
  }  // NOLINT(google-explicit-constructor): reads like text
  const char* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }

  friend bool operator==(const Bytes&, const Bytes&) = default;

 private:
  std::string bytes_;
};

}  // namespace omnibus
