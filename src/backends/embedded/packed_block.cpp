#include "backends/embedded/packed_block.hpp"

namespace omnibus::embedded {
namespace {

/// Which fields follow: those that differ from the message before, or from zero.
namespace differs {
constexpr std::uint64_t slot = 1, time = 2, deliver_at = 4, key = 8, bytes = 16, frame = 32, size = 64,
                        blob = 128, pending = 256;
}

/// Small differences of either sign become small numbers.
std::uint64_t signed_number(std::uint64_t difference) noexcept {
  return (difference << 1) ^ (0 - (difference >> 63));
}
std::uint64_t difference_of(std::uint64_t number) noexcept { return (number >> 1) ^ (0 - (number & 1)); }

/// The message before, and how many slots lie between.
struct Neighbour {
  StoredMessage message = {};
  std::size_t gap = 0;
};

std::uint64_t differences(const Neighbour& before, const StoredMessage& now) {
  const auto& old = before.message;
  const auto flag = [](bool set, std::uint64_t bit) { return set ? bit : 0; };
  const auto &place = now.content, &place_before = old.content;
  return flag(before.gap > 0, differs::slot) | flag(now.time != old.time, differs::time) |
         flag(now.deliver_at != 0, differs::deliver_at) | flag(now.key_hash != 0, differs::key) |
         flag(now.bytes != old.bytes, differs::bytes) |
         flag(place.segment != place_before.segment || place.frame != place_before.frame, differs::frame) |
         flag(place.size != place_before.size, differs::size) | flag(place.blob != 0, differs::blob) |
         flag(now.pending != old.pending, differs::pending);
}

void put_message(std::string& out, const Neighbour& before, const StoredMessage& now) {
  const auto& old = before.message;
  const auto& place = now.content;
  const auto what = differences(before, now);
  put_number(out, what);
  if ((what & differs::slot) != 0) put_number(out, before.gap);
  if ((what & differs::time) != 0)
    put_number(out,
               signed_number(static_cast<std::uint64_t>(now.time) - static_cast<std::uint64_t>(old.time)));
  if ((what & differs::deliver_at) != 0) put_number(out, static_cast<std::uint64_t>(now.deliver_at));
  if ((what & differs::key) != 0) put_number(out, now.key_hash);
  if ((what & differs::bytes) != 0) put_number(out, now.bytes);
  if ((what & differs::frame) != 0) {
    put_number(out, signed_number(place.segment - old.content.segment));
    put_number(out, place.frame);
    put_number(out, place.at);
  } else {
    put_number(out, signed_number(std::uint64_t{place.at} - old.content.at));
  }
  if ((what & differs::size) != 0) put_number(out, place.size);
  if ((what & differs::blob) != 0) put_number(out, place.blob);
  if ((what & differs::pending) != 0) put_number(out, now.pending);
}

/// Turns the message before into the next one; returns how many slots lie between.
std::uint64_t take_message(ByteReader& in, StoredMessage& message) {
  auto& place = message.content;
  const auto what = in.number();
  const auto gap = (what & differs::slot) != 0 ? in.number() : 0;
  if ((what & differs::time) != 0)
    message.time = static_cast<Millis>(static_cast<std::uint64_t>(message.time) + difference_of(in.number()));
  message.deliver_at = (what & differs::deliver_at) != 0 ? in.number_as<Millis>() : 0;
  message.key_hash = (what & differs::key) != 0 ? in.number() : 0;
  if ((what & differs::bytes) != 0) message.bytes = in.number();
  if ((what & differs::frame) != 0) {
    place.segment += difference_of(in.number());
    place.frame = in.number_as<std::uint32_t>();
    place.at = in.number_as<std::uint32_t>();
  } else {
    place.at += static_cast<std::uint32_t>(difference_of(in.number()));
  }
  if ((what & differs::size) != 0) place.size = in.number();
  place.blob = (what & differs::blob) != 0 ? in.number() : 0;
  if ((what & differs::pending) != 0) message.pending = in.number_as<std::uint32_t>();
  return gap;
}

Error malformed() {
  return {ErrorCode::corrupt, "messages of the checkpoint are malformed", {.backend = "embedded"}};
}

}  // namespace

PackedBlock PackedBlock::take(ByteReader& in) {
  const auto from = in.rest();
  PackedBlock block;
  block.live = in.number();
  block.bytes = in.number();
  block.bodies = in.number() != 0;
  block.use = in.text();
  block.messages = in.text();
  block.all = from.substr(0, from.size() - in.rest().size());
  if (block.live == 0) throw malformed();
  return block;
}

void PackedBlock::add_use(SegmentUse& sum) const {
  for (ByteReader in(use); !in.done();) {
    const auto segment = in.number();
    sum[segment] += in.number();
  }
}

bool PackedBlock::lies_in(std::uint64_t last_segment) const {
  ByteReader in(use);  // rising
  return in.number() <= last_segment;
}

void pack_block(std::string& out, std::span<const StoredMessage> slots) {
  static thread_local std::string text, use;
  text.clear();
  use.clear();
  PackedBlock block;
  Neighbour before;
  SegmentUse sum;
  auto at = sum.end();
  for (const auto& message : slots) {
    if (message.bytes == 0) {
      ++before.gap;
      continue;
    }
    ++block.live;
    block.bytes += message.bytes;
    block.bodies |= message.content.blob != 0;
    if (at == sum.end() || at->first != message.content.segment)
      at = sum.try_emplace(message.content.segment).first;
    at->second += message.content.size;
    put_message(text, before, message);
    before = {message, 0};
  }
  for (const auto& [segment, size] : sum) {
    put_number(use, segment);
    put_number(use, size);
  }
  put_number(out, block.live);
  put_number(out, block.bytes);
  put_number(out, block.bodies ? 1U : 0U);
  put_text(out, use);
  put_text(out, text);
}

std::vector<StoredMessage> unpack_block(const PackedBlock& block, std::size_t most) {
  std::vector<StoredMessage> slots;
  slots.reserve(most);
  ByteReader in(block.messages);
  StoredMessage message;
  for (auto left = block.live; left > 0; --left) {
    const auto gap = take_message(in, message);
    if (message.bytes == 0 || gap >= most - slots.size()) throw malformed();
    slots.resize(slots.size() + gap);
    slots.push_back(message);
  }
  if (!in.done()) throw malformed();
  return slots;
}

}  // namespace omnibus::embedded
