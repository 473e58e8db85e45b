/// Any bytes, as a broker might send them: each frame is read as far as a consumer would, or refused with a
/// ProtocolError. Nothing is allocated beyond the bounds.

#include <cstdint>
#include <cstdlib>

#include <omnibus/error.hpp>

#include "backends/pulsar/batch.hpp"
#include "backends/pulsar/chunks.hpp"
#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/frame.hpp"

namespace {

using namespace omnibus;
using namespace omnibus::pulsar;

constexpr std::size_t largest_unpacked = 1u << 20;

void read_batch(std::string_view payload, std::size_t count) {
  std::size_t seen = 0;
  const auto* const begin = payload.data();
  split_batch(
      payload, count,
      [&](std::size_t index, const Single& single, const proto::SingleMessageMetadata& header) {
        if (index != seen++) std::abort();
        if (single.body.data() < begin || single.body.data() + single.body.size() > begin + payload.size())
          std::abort();
        driver::Delivery delivery;
        read_header(header, delivery);
      });
  if (seen != count) std::abort();
}

void read_message(const Frame::Message& message, ChunkAssembly& assembly, std::uint64_t number) {
  const auto& metadata = message.metadata;
  std::string payload(message.payload);
  if (metadata.num_chunks_from_msg() > 1) {
    std::vector<EntryKey> dropped;
    auto whole = assembly.add(metadata, payload, {1, number, 0}, dropped);
    if (!whole) return;
    payload = std::move(whole->payload);
  }
  if (metadata.compression() != proto::NONE) {
    if (metadata.uncompressed_size() > largest_unpacked) return;
    payload = decompress(metadata.compression(), payload, metadata.uncompressed_size());
  }
  if (metadata.has_num_messages_in_batch()) {
    read_batch(payload, static_cast<std::size_t>(metadata.num_messages_in_batch()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ChunkAssembly assembly;
  std::uint64_t number = 0;
  try {
    while (const auto frame = first_frame(bytes, default_max_message_size)) {
      bytes.remove_prefix(frame->size());
      const auto parsed = parse_frame(*frame);
      if (parsed.message) read_message(*parsed.message, assembly, number++);
    }
  } catch (const ProtocolError&) {
    // What a connection ends with.
  }
  return 0;
}
