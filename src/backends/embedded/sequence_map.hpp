#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// Values by sequence, for sequences that lie close together: finding is an index, and at steady state
/// nothing is allocated. A block of sequences without a value costs one pointer. Threads: like a container.
template <class T>
class SequenceMap {
 public:
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Null when there is none. Valid until it is erased.
  T* find(Sequence sequence) noexcept { return const_cast<T*>(std::as_const(*this).find(sequence)); }
  const T* find(Sequence sequence) const noexcept {
    const auto* block = block_of(sequence);
    return block != nullptr && (block->used & bit(sequence)) != 0 ? &block->values[sequence % width]
                                                                  : nullptr;
  }
  /// The value there; a new one when there is none.
  T& operator[](Sequence sequence) {
    auto& block = make_block(sequence / width);
    if ((block.used & bit(sequence)) == 0) {
      block.used |= bit(sequence);
      ++size_;
    }
    return block.values[sequence % width];
  }
  void erase(Sequence sequence) noexcept {
    auto* block = block_of(sequence);
    if (block == nullptr || (block->used & bit(sequence)) == 0) return;
    block->used &= ~bit(sequence);
    block->values[sequence % width] = T{};
    --size_;
    if (block->used == 0) release(sequence / width);
  }
  /// The lowest sequence with a value that is not below `sequence`; 0 when there is none.
  Sequence first_from(Sequence sequence) const noexcept {
    if (blocks_.empty()) return 0;
    if (sequence / width < first_) sequence = first_ * width;
    for (auto number = sequence / width; number < first_ + blocks_.size();
         ++number, sequence = number * width) {
      const auto& block = blocks_[number - first_];
      const auto above = block ? block->used >> (sequence % width) : 0;
      if (above != 0) return sequence + static_cast<unsigned>(__builtin_ctz(above));
    }
    return 0;
  }
  /// Calls with each sequence and its value, rising. What is called must neither add nor erase.
  template <class Call>
  void for_each(Call&& call) {
    for (auto at = first_from(0); at != 0; at = first_from(at + 1)) call(at, *find(at));
  }
  template <class Call>
  void for_each(Call&& call) const {
    for (auto at = first_from(0); at != 0; at = first_from(at + 1)) call(at, *find(at));
  }

 private:
  static constexpr std::uint64_t width = 16;
  struct Block {
    std::uint32_t used = 0;
    T values[width];
  };
  static std::uint32_t bit(Sequence sequence) noexcept { return std::uint32_t{1} << (sequence % width); }

  Block* block_of(Sequence sequence) const noexcept {
    const auto number = sequence / width;
    return number < first_ || number - first_ >= blocks_.size() ? nullptr : blocks_[number - first_].get();
  }
  Block& make_block(std::uint64_t number) {
    if (blocks_.empty()) first_ = number;
    for (; number < first_; --first_) blocks_.emplace_front();
    while (number - first_ >= blocks_.size()) blocks_.emplace_back();
    auto& block = blocks_[number - first_];
    if (!block) block = spare_ ? std::move(spare_) : std::make_unique<Block>();
    return *block;
  }
  void release(std::uint64_t number) noexcept {
    spare_ = std::move(blocks_[number - first_]);
    while (!blocks_.empty() && !blocks_.back()) blocks_.pop_back();
    for (; !blocks_.empty() && !blocks_.front(); ++first_) blocks_.pop_front();
  }

  std::deque<std::unique_ptr<Block>> blocks_;  ///< neither the first nor the last is empty
  std::unique_ptr<Block> spare_;               ///< so that a few that come and go allocate nothing
  std::uint64_t first_ = 0;                    ///< number of the first block
  std::size_t size_ = 0;
};

}  // namespace omnibus::embedded
