#include "backends/pulsar/chunks.hpp"

#include <algorithm>

#include <omnibus/error.hpp>

namespace omnibus::pulsar {

std::optional<ChunkAssembly::Whole> ChunkAssembly::add(const proto::MessageMetadata& metadata,
                                                       std::string_view payload, const EntryKey& entry,
                                                       std::vector<EntryKey>& dropped) {
  const auto count = metadata.num_chunks_from_msg();
  const auto id = metadata.chunk_id();
  const auto total = metadata.total_chunk_msg_size();
  if (count < 1 || id < 0 || id >= count || total < 0 || static_cast<std::size_t>(total) > largest_payload) {
    throw ProtocolError("chunk " + std::to_string(id) + " of " + std::to_string(count) + " of a message of " +
                        std::to_string(total) + " bytes");
  }
  auto found = std::find_if(pending_.begin(), pending_.end(),
                            [&](const Pending& one) { return one.uuid == metadata.uuid(); });
  if (id == 0) {
    // It begins anew, delivered again or sent again: which entries come again shows later.
    std::vector<EntryKey> abandoned;
    if (found != pending_.end()) {
      abandoned = std::move(found->abandoned);
      abandoned.insert(abandoned.end(), found->entries.begin(), found->entries.end());
      pending_.erase(found);
    }
    if (pending_.size() == most_pending) {
      const auto& oldest = pending_.front();
      dropped.insert(dropped.end(), oldest.entries.begin(), oldest.entries.end());
      dropped.insert(dropped.end(), oldest.abandoned.begin(), oldest.abandoned.end());
      pending_.pop_front();
    }
    found =
        pending_.insert(pending_.end(), Pending{.uuid = metadata.uuid(), .abandoned = std::move(abandoned)});
  }
  if (found == pending_.end() || id > found->next) {
    dropped.push_back(entry);
    if (found == pending_.end()) return std::nullopt;
    dropped.insert(dropped.end(), found->entries.begin(), found->entries.end());
    dropped.insert(dropped.end(), found->abandoned.begin(), found->abandoned.end());
    pending_.erase(found);
    return std::nullopt;
  }
  if (id < found->next) return std::nullopt;  // it came twice
  if (found->payload.size() + payload.size() > static_cast<std::size_t>(total)) {
    throw ProtocolError("the chunks of a message are longer than the message");
  }
  found->payload += payload;
  std::erase(found->abandoned, entry);
  ++found->next;
  if (found->next < count) {
    found->entries.push_back(entry);
    return std::nullopt;
  }
  Whole whole{std::move(found->payload), std::move(found->entries)};
  whole.earlier.insert(whole.earlier.end(), found->abandoned.begin(), found->abandoned.end());
  pending_.erase(found);
  return whole;
}

}  // namespace omnibus::pulsar
