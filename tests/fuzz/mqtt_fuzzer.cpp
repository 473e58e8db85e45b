/// Any bytes, as a client or a broker might send them: each packet is refused with a ProtocolError, or it is
/// written again and reads equal. Both versions look at the same bytes.

#include <cstdint>
#include <cstdlib>

#include <omnibus/error.hpp>

#include "backends/mqtt/packet.hpp"

namespace {

using namespace omnibus;
using namespace omnibus::mqtt;

constexpr std::size_t largest_packet = 1u << 20;

bool is_connect(const Packet& packet) { return std::holds_alternative<Connect>(packet); }

void write_and_read_again(const Packet& packet, Version version) {
  std::string out;
  write(out, version, packet);
  const auto frame = first_frame(out, ~std::size_t{0});
  if (!frame || frame->size != out.size()) std::abort();
  if (parse(*frame, version) != packet) std::abort();
  const auto* const publish = std::get_if<Publish>(&packet);
  if (publish != nullptr && size_of(version, *publish) != out.size()) std::abort();
}

void read(std::string_view bytes, Version version) {
  while (const auto frame = first_frame(bytes, largest_packet)) {
    if (frame->size > bytes.size() || frame->size > largest_packet) std::abort();
    bytes.remove_prefix(frame->size);
    const auto packet = parse(*frame, version);
    write_and_read_again(packet, is_connect(packet) ? connect_version(*frame) : version);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Version version : {Version::v311, Version::v5}) {
    try {
      read({reinterpret_cast<const char*>(data), size}, version);
    } catch (const ProtocolError& error) {
      if (error.message().empty() || reason_of(error) == Reason::unspecified) std::abort();
    }
  }
  return 0;
}
