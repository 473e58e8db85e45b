#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/embedded/bytes.hpp"
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

/// How many bytes messages take of each segment of the log.
using SegmentUse = std::map<std::uint64_t, std::uint64_t>;

/// The kept messages of one queue by sequence. Dense runs cost a slot each; a block of sequences that are all
/// gone costs one pointer, so one message that stays for long does not hold the memory of those behind it.
/// What comes from a checkpoint stays packed, block by block, until one of the block is asked for: a few
/// bytes a message, and a start that does not depend on how many there are. Threads: none of its own; the
/// State's lock guards it, for looking too.
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

  // The next four unpack. Errors: corrupt, when a checkpoint was written wrongly.

  /// Null when it is not kept. Valid until the next change.
  StoredMessage* find(Sequence sequence);
  const StoredMessage* find(Sequence sequence) const;
  /// Stores under a sequence above last(); `message.bytes` must not be 0.
  StoredMessage& append(Sequence sequence, StoredMessage message);
  void erase(Sequence sequence);
  /// The lowest kept sequence that is not below `sequence`; last() + 1 when there is none.
  Sequence first_from(Sequence sequence) const;

  /// The ids of all bodies in files of their own.
  std::vector<std::uint64_t> bodies() const;

  /// Calls `each(sequence, message)` for those that lie in segments up to `last`.
  template <class Each>
  void for_each_in(std::uint64_t last_segment, Each&& each) const {
    for (std::size_t at = 0; at < blocks_.size(); ++at) {
      if (!lies_in(last_segment, blocks_[at].get())) continue;
      const auto first = (first_block_ + at) * block_size;
      const auto& slots = unpacked_block_of(first)->slots;
      for (std::size_t slot = 0; slot < slots.size(); ++slot) {
        if (slots[slot].bytes != 0 && slots[slot].content.segment <= last_segment)
          each(first + slot, slots[slot]);
      }
    }
  }

  /// Appends all of them, and adds what they take of each segment.
  void pack(std::string& out, SegmentUse& use) const;
  /// Fills an empty object with what pack() wrote. `owner` keeps the bytes alive. The contents are places:
  /// their `data` is null. Errors: corrupt.
  void take(ByteReader& in, std::shared_ptr<const void> owner);

 private:
  static constexpr std::size_t block_size = 64;
  struct Block {
    std::vector<StoredMessage> slots;
    std::size_t live = 0;
    std::string_view packed;  ///< instead of slots, when not empty
  };

  /// May be so; an unpacked block has to be looked through.
  static bool lies_in(std::uint64_t last_segment, const Block* block);
  Block* block_of(Sequence sequence) const noexcept;
  Block* unpacked_block_of(Sequence sequence) const;
  /// Gives up leading empty blocks below block `below`.
  void shrink(std::uint64_t below) noexcept;

  std::deque<std::unique_ptr<Block>> blocks_;
  std::shared_ptr<const void> packed_owner_;
  std::uint64_t first_block_ = 0;
  Sequence last_ = 0;
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace omnibus::embedded
