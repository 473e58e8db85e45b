#include "backends/embedded/unreadable.hpp"

namespace omnibus::embedded {

void Unreadable::add(const Queue& queue, Sequence sequence, const StoredMessage& message,
                     const Error& error) {
  const auto body = message.content.blob;
  StoreDamage damage;
  damage.file = body != 0 ? body_file(body) : segment_file(message.content.segment);
  damage.offset = body != 0 ? 0 : message.content.frame;
  damage.what =
      "message " + std::to_string(sequence) + " of " + queue_name(queue) + " cannot be read: " + error.what();
  entries_.push_back({queue.id, sequence, std::move(damage)});
}

void Unreadable::forgive_settled(const StoreImage& image) {
  if (!image.in_use || entries_.empty()) return;
  const StoreReading now(take_image(image.directory));
  std::erase_if(entries_, [&now](const Entry& entry) {
    const auto* queue = now.state().queue(entry.queue);
    return queue == nullptr || queue->messages.find(entry.sequence) == nullptr;
  });
}

void Unreadable::tell(std::vector<StoreDamage>& damage) const {
  for (const auto& entry : entries_) damage.push_back(entry.damage);
}

}  // namespace omnibus::embedded
