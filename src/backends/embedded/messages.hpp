#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// One kept message of a queue, without its sequence.
struct StoredMessage {
  Content content;
  Millis time = 0;
  Millis deliver_at = 0;
  std::uint64_t key_hash = 0;
  std::uint64_t bytes = 0;    ///< 0: this sequence is not kept
  std::uint32_t pending = 0;  ///< subscriptions that have not settled it
};

/// The kept messages of one queue by sequence. Dense runs cost a slot each; a block of sequences that are all
/// gone costs one pointer, so one message that stays for long does not hold the memory of those behind it.
/// Threads: none of its own; the State's lock guards it.
class Messages {
 public:
  /// The highest sequence ever stored; 0 for none.
  Sequence last() const noexcept { return last_; }
  /// Counts on from at least `sequence` although nothing is stored there.
  void advance(Sequence sequence) noexcept {
    if (sequence > last_) last_ = sequence;
  }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Null when it is not kept. Valid until the next change.
  StoredMessage* find(Sequence sequence) noexcept;
  const StoredMessage* find(Sequence sequence) const noexcept;
  /// Stores under a sequence above last(); `message.bytes` must not be 0.
  StoredMessage& append(Sequence sequence, StoredMessage message);
  void erase(Sequence sequence) noexcept;
  /// The lowest kept sequence that is not below `sequence`; last() + 1 when there is none.
  Sequence first_from(Sequence sequence) const noexcept;

 private:
  static constexpr std::size_t block_size = 64;
  struct Block {
    std::vector<StoredMessage> slots;
    std::size_t live = 0;
  };

  Block* block_of(Sequence sequence) const noexcept;
  /// Gives up leading empty blocks below block `below`.
  void shrink(std::uint64_t below) noexcept;

  std::deque<std::unique_ptr<Block>> blocks_;
  std::uint64_t first_block_ = 0;
  Sequence last_ = 0;
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace omnibus::embedded
