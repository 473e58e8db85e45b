#include "backends/mqtt/session_state.hpp"

#include <algorithm>
#include <vector>

namespace omnibus::mqtt {

using What = Journal::What;

void SessionState::keep_in(const std::string& folder, const std::string& client_id) {
  if (journal_) return;
  sent_[{}];
  auto journal =
      std::make_unique<Journal>(folder, client_id, [this](const Journal::Record& record) { replay(record); });
  journal_ = std::move(journal);
  fresh = false;
}

void SessionState::forget(const std::string& producer) {
  if (journal_) return;
  const auto found = sent_.find(producer);
  if (found != sent_.end() && found->second.open.empty()) sent_.erase(found);
}

void SessionState::publish(std::uint16_t id, SentBy* by, std::uint64_t sequence) {
  flights[id] = {.by = by, .sequence = sequence};
  if (by == nullptr) return;
  by->open[sequence] = id;
  by->failed.erase(sequence);
  by->through = std::max(by->through, sequence);
  note({.what = What::published, .id = id, .sequence = sequence});
}

void SessionState::release(std::uint16_t id) {
  const auto found = flights.find(id);
  if (found == flights.end() || found->second.released) return;
  found->second.released = true;
  found->second.order = ++releases_;
  note({.what = What::released, .id = id});
}

void SessionState::complete(std::uint16_t id) {
  const auto found = flights.find(id);
  if (found == flights.end()) return;
  if (found->second.by != nullptr) found->second.by->open.erase(found->second.sequence);
  flights.erase(found);
  note({.what = What::completed, .id = id});
}

void SessionState::fail(std::uint16_t id) {
  const auto found = flights.find(id);
  if (found == flights.end()) return;
  if (auto* const by = found->second.by) {
    by->open.erase(found->second.sequence);
    by->failed.insert(found->second.sequence);
  }
  flights.erase(found);
  note({.what = What::failed, .id = id});
}

void SessionState::receive(std::uint16_t id) {
  if (received.insert(id).second) note({.what = What::received, .id = id});
}

bool SessionState::forget_received(std::uint16_t id) {
  if (received.erase(id) == 0) return false;
  note({.what = What::forgotten, .id = id});
  return true;
}

/// What was released is with the broker, whatever it has forgotten; the rest is to be published anew.
void SessionState::start_anew() {
  std::vector<std::pair<std::uint16_t, bool>> open;
  open.reserve(flights.size());
  for (const auto& [id, flight] : flights) open.emplace_back(id, flight.released);
  for (const auto& [id, released] : open) released ? complete(id) : fail(id);
  forget_all_received();
}

void SessionState::forget_all_received() {
  const auto ids = received;
  for (const auto id : ids) forget_received(id);
}

void SessionState::note(const Journal::Record& record) {
  if (!journal_) return;
  journal_->add(record);
  if (journal_->is_long()) journal_->rewrite([this](Journal& fresh_one) { write_all(fresh_one); });
}

void SessionState::replay(const Journal::Record& record) {
  switch (record.what) {
    case What::published:
      return publish(record.id, &sent_[{}], record.sequence);
    case What::released:
      return release(record.id);
    case What::completed:
      return complete(record.id);
    case What::failed:
      return fail(record.id);
    case What::received:
      return receive(record.id);
    case What::forgotten:
      forget_received(record.id);
      return;
  }
}

/// The packet id 0, which no message has, carries what is known of sequences only.
void SessionState::write_all(Journal& journal) const {
  const auto& by = sent_.at({});
  if (by.through > 0) {
    journal.add({.what = What::published, .sequence = by.through});
    journal.add({.what = What::completed});
  }
  for (const auto sequence : by.failed) {
    journal.add({.what = What::published, .sequence = sequence});
    journal.add({.what = What::failed});
  }
  std::vector<std::pair<std::uint64_t, std::uint16_t>> released;
  for (const auto& [id, flight] : flights) {
    journal.add({.what = What::published, .id = id, .sequence = flight.sequence});
    if (flight.released) released.emplace_back(flight.order, id);
  }
  std::sort(released.begin(), released.end());
  for (const auto& [order, id] : released) journal.add({.what = What::released, .id = id});
  for (const auto id : received) journal.add({.what = What::received, .id = id});
}

}  // namespace omnibus::mqtt
