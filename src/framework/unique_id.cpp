#include "omnibus/framework/unique_id.hpp"

#include <array>
#include <cerrno>
#include <cstdint>

#include <sys/random.h>

#include <omnibus/error.hpp>

namespace omnibus::framework {

std::string unique_id() {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t filled = 0; filled < bytes.size();) {
    const auto got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno != EINTR) throw Error(ErrorCode::internal, "the system gives no random numbers");
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 4122
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 0x0f];
  }
  return text;
}

}  // namespace omnibus::framework
