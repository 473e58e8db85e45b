#include "backends/pulsar/unsettled.hpp"

#include <algorithm>

namespace omnibus::pulsar {
namespace {

std::uint16_t after(std::uint16_t turn) { return static_cast<std::uint16_t>((turn + 1) % MessageKey::turns); }

}  // namespace

bool Entry::only(std::size_t index) const noexcept {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i != index && slots[i].state != Slot::State::settled) return false;
  }
  return true;
}

Entry* Unsettled::add(const EntryKey& key, std::size_t count, bool batch, const std::vector<bool>& waiting) {
  const auto [place, fresh] = entries_.try_emplace(key);
  if (!fresh) return nullptr;
  place->second = std::make_unique<Entry>();
  Entry& entry = *place->second;
  entry.key = key;
  entry.batch = batch;
  const auto known = away_.find(key);
  const std::uint16_t turn = known != away_.end() ? after(known->second.turn) : std::uint16_t{0};
  entry.slots.resize(count, Slot{.turn = turn});
  entry.left = count;
  for (std::size_t i = 0; i < count && !waiting.empty(); ++i) {
    if (i < waiting.size() && waiting[i]) continue;
    entry.slots[i].state = Slot::State::settled;
    --entry.left;
  }
  return &entry;
}

Entry* Unsettled::find(const EntryKey& key) noexcept {
  const auto found = entries_.find(key);
  return found != entries_.end() ? found->second.get() : nullptr;
}

Slot* Unsettled::slot_of(const MessageKey& message) noexcept {
  Entry* const entry = find(message.entry);
  return entry != nullptr && message.index < entry->slots.size() ? &entry->slots[message.index] : nullptr;
}

Unsettled::Verdict Unsettled::missing(const MessageKey& message) const {
  const auto known = away_.find(message.entry);
  return known != away_.end() ? known->second.verdict : Verdict::unknown;
}

Unsettled::Verdict Unsettled::settle(const MessageKey& message) {
  Slot* const slot = slot_of(message);
  if (slot == nullptr) return missing(message);
  if (slot->turn != message.turn) return Verdict::stale;
  if (slot->state == Slot::State::settled) return Verdict::before;
  if (slot->state != Slot::State::held) return Verdict::stale;
  slot->state = Slot::State::settled;
  --find(message.entry)->left;
  return Verdict::settled;
}

Unsettled::Verdict Unsettled::give_back(const MessageKey& message) {
  Slot* const slot = slot_of(message);
  if (slot == nullptr) return missing(message);
  if (slot->state == Slot::State::settled) return Verdict::before;
  if (slot->turn != message.turn || slot->state != Slot::State::held) return Verdict::stale;
  slot->state = Slot::State::away;
  slot->turn = after(slot->turn);
  ++slot->returned;
  return Verdict::settled;
}

void Unsettled::put_away(EntryKey key, Verdict verdict) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  std::uint16_t last = 0;
  for (const auto& slot : found->second->slots) last = std::max(last, slot.turn);
  entries_.erase(found);
  if (!away_.insert_or_assign(key, Away{last, verdict}).second) return;
  away_order_.push_back(key);
  if (away_order_.size() <= most_away) return;
  away_.erase(away_order_.front());
  away_order_.pop_front();
}

}  // namespace omnibus::pulsar
