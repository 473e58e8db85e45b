#pragma once

/// Some messages with neighbouring sequences as bytes, for checkpoints: what a message has in common with the
/// one before costs nothing.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/embedded/bytes.hpp"
#include "backends/embedded/messages.hpp"

namespace omnibus::embedded {

/// What can be told of a packed block without unpacking it.
struct PackedBlock {
  std::uint64_t live = 0;   ///< messages in it
  std::uint64_t bytes = 0;  ///< the sum of theirs
  bool bodies = false;      ///< some have a body in a file of its own
  std::string_view use;     ///< see add_use
  std::string_view messages;
  std::string_view all;  ///< the block itself

  /// Reads what pack_block() wrote. Errors: corrupt.
  static PackedBlock take(ByteReader& in);
  /// Adds what its messages take of each segment. Errors: corrupt.
  void add_use(SegmentUse& sum) const;
  bool lies_in(std::uint64_t last_segment) const;
};

/// Appends the kept ones of `slots`; at least one is.
void pack_block(std::string& out, std::span<const StoredMessage> slots);

/// The slots again, at most `most`. Errors: corrupt.
std::vector<StoredMessage> unpack_block(const PackedBlock& block, std::size_t most);

}  // namespace omnibus::embedded
