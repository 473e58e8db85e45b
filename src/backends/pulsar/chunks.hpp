#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "backends/pulsar/ack_id.hpp"
#include "backends/pulsar/proto.hpp"

namespace omnibus::pulsar {

/// Largest message that is put together or unpacked.
inline constexpr std::size_t largest_payload = 256u << 20;

/// Puts messages together that came in chunks. Source: Pulsar, "Message chunking". Threads: like a container.
class ChunkAssembly {
 public:
  struct Whole {
    std::string payload;
    /// The entries of all chunks but the last, and those of attempts to send it that were broken off.
    std::vector<EntryKey> earlier;
  };
  /// The whole message once its last chunk is there. What is given up is appended to `dropped`: these entries
  /// were delivered and lead to nothing here. Errors: ProtocolError for sizes that cannot be.
  std::optional<Whole> add(const proto::MessageMetadata& metadata, std::string_view payload,
                           const EntryKey& entry, std::vector<EntryKey>& dropped);

 private:
  static constexpr std::size_t most_pending = 16;
  struct Pending {
    std::string uuid = {};
    std::int32_t next = 0;
    std::string payload = {};
    std::vector<EntryKey> entries = {};
    std::vector<EntryKey> abandoned = {};  ///< of chunks that came again in other entries
  };
  std::deque<Pending> pending_;  ///< the oldest first
};

}  // namespace omnibus::pulsar
