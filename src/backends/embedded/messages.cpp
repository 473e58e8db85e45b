#include "backends/embedded/messages.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace omnibus::embedded {

Messages::Block* Messages::block_of(Sequence sequence) const noexcept {
  const auto number = sequence / block_size;
  if (number < first_block_ || number - first_block_ >= blocks_.size()) return nullptr;
  return blocks_[number - first_block_].get();
}

const StoredMessage* Messages::find(Sequence sequence) const noexcept {
  const auto* block = block_of(sequence);
  const auto slot = sequence % block_size;
  if (block == nullptr || slot >= block->slots.size() || block->slots[slot].bytes == 0) return nullptr;
  return &block->slots[slot];
}

StoredMessage* Messages::find(Sequence sequence) noexcept {
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

void Messages::erase(Sequence sequence) noexcept {
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

Sequence Messages::first_from(Sequence sequence) const noexcept {
  sequence = std::max(sequence, first_block_ * block_size);
  while (sequence <= last_) {
    const auto* block = block_of(sequence);
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

}  // namespace omnibus::embedded
