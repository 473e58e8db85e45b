#include "backends/embedded/messages.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "backends/embedded/packed_block.hpp"

namespace omnibus::embedded {

Messages::Block* Messages::block_of(Sequence sequence) const noexcept {
  const auto number = sequence / block_size;
  if (number < first_block_ || number - first_block_ >= blocks_.size()) return nullptr;
  return blocks_[number - first_block_].get();
}

Messages::Block* Messages::unpacked_block_of(Sequence sequence) const {
  auto* block = block_of(sequence);
  if (block == nullptr || block->packed.empty()) return block;
  ByteReader in(block->packed);
  block->slots = unpack_block(PackedBlock::take(in), block_size);
  block->packed = {};
  return block;
}

const StoredMessage* Messages::find(Sequence sequence) const {
  const auto* block = unpacked_block_of(sequence);
  const auto slot = sequence % block_size;
  if (block == nullptr || slot >= block->slots.size() || block->slots[slot].bytes == 0) return nullptr;
  return &block->slots[slot];
}

StoredMessage* Messages::find(Sequence sequence) {
  return const_cast<StoredMessage*>(std::as_const(*this).find(sequence));
}

StoredMessage& Messages::append(Sequence sequence, StoredMessage message) {
  assert(sequence > last_ && message.bytes != 0);
  const auto number = sequence / block_size;
  if (blocks_.empty()) first_block_ = number;
  if (first_block_ + blocks_.size() <= number) {
    if (blocks_.size() > 0 && blocks_.back() && blocks_.back()->live == 0) blocks_.back().reset();
    while (first_block_ + blocks_.size() <= number) blocks_.emplace_back();
    shrink(number);
  }
  auto& block = blocks_[number - first_block_];
  if (!block) block = std::make_unique<Block>();
  unpacked_block_of(sequence);
  const auto slot = sequence % block_size;
  if (block->slots.capacity() <= slot) {
    block->slots.reserve(std::min(block_size, std::max<std::size_t>(4, 2 * (slot + 1))));
  }
  block->slots.resize(slot + 1);
  last_ = sequence;
  ++size_;
  ++block->live;
  bytes_ += message.bytes;
  block->slots[slot] = std::move(message);
  return block->slots[slot];
}

void Messages::erase(Sequence sequence) {
  auto* message = find(sequence);
  if (message == nullptr) return;
  --size_;
  bytes_ -= message->bytes;
  *message = StoredMessage{};
  auto* block = block_of(sequence);
  if (--block->live > 0) return;
  // The block that still grows is kept, or each message of a quiet queue would allocate it anew.
  const auto growing = last_ / block_size;
  if (sequence / block_size == growing) return;
  blocks_[sequence / block_size - first_block_].reset();
  shrink(growing);
}

void Messages::shrink(std::uint64_t below) noexcept {
  while (!blocks_.empty() && first_block_ < below && !blocks_.front()) {
    blocks_.pop_front();
    ++first_block_;
  }
}

Sequence Messages::first_from(Sequence sequence) const {
  sequence = std::max(sequence, first_block_ * block_size);
  while (sequence <= last_) {
    const auto* block = unpacked_block_of(sequence);
    if (block == nullptr || block->live == 0) {
      sequence = (sequence / block_size + 1) * block_size;
      continue;
    }
    if (sequence % block_size < block->slots.size() && block->slots[sequence % block_size].bytes != 0) {
      return sequence;
    }
    ++sequence;
  }
  return last_ + 1;
}

bool Messages::lies_in(std::uint64_t last_segment, const Block* block) {
  if (block == nullptr || block->live == 0) return false;
  if (block->packed.empty()) return true;
  ByteReader in(block->packed);
  return PackedBlock::take(in).lies_in(last_segment);
}

std::vector<std::uint64_t> Messages::bodies() const {
  std::vector<std::uint64_t> ids;
  for (std::size_t at = 0; at < blocks_.size(); ++at) {
    const auto* block = blocks_[at].get();
    if (block == nullptr || block->live == 0) continue;
    if (!block->packed.empty()) {
      ByteReader in(block->packed);
      if (!PackedBlock::take(in).bodies) continue;
    }
    for (const auto& message : unpacked_block_of((first_block_ + at) * block_size)->slots) {
      if (message.bytes != 0 && message.content.blob != 0) ids.push_back(message.content.blob);
    }
  }
  return ids;
}

void Messages::pack(std::string& out, SegmentUse& use) const {
  const auto kept = [](const auto& block) { return block && block->live > 0; };
  put_number(out, last_);
  put_number(out, static_cast<std::uint64_t>(std::count_if(blocks_.begin(), blocks_.end(), kept)));
  std::uint64_t before = 0;
  for (std::size_t at = 0; at < blocks_.size(); ++at) {
    const auto& block = blocks_[at];
    if (!kept(block)) continue;
    const auto number = first_block_ + at;
    put_number(out, number - std::exchange(before, number));
    const auto begin = out.size();
    if (block->packed.empty()) {
      pack_block(out, block->slots);
    } else {
      out.append(block->packed);
    }
    ByteReader in(std::string_view(out).substr(begin));
    PackedBlock::take(in).add_use(use);
  }
}

void Messages::take(ByteReader& in, std::shared_ptr<const void> owner) {
  packed_owner_ = std::move(owner);
  last_ = in.number();
  std::uint64_t number = 0;
  for (auto left = in.number(); left > 0; --left) {
    number += in.number();
    const auto packed = PackedBlock::take(in);
    const auto expected = blocks_.empty() ? number : first_block_ + blocks_.size();
    if (number < expected || number > last_ / block_size)
      throw Error(ErrorCode::corrupt, "the checkpoint's messages are out of order", {.backend = "embedded"});
    if (blocks_.empty()) first_block_ = number;
    while (first_block_ + blocks_.size() < number) blocks_.emplace_back();
    blocks_.push_back(std::make_unique<Block>(Block{{}, packed.live, packed.all}));
    size_ += packed.live;
    bytes_ += packed.bytes;
  }
}

}  // namespace omnibus::embedded
