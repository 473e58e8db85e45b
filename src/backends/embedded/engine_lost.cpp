#include <algorithm>

#include <omnibus/log.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {
namespace {

/// Nothing of it can be read again. A failing disk may still give it back.
bool is_final(const Error& error) {
  return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found;
}

}  // namespace

bool Engine::find_bytes(Content& content) {
  if (content.data == nullptr) {
    try {
      content = journal_->find(content);
    } catch (const Error& error) {
      if (is_final(error)) return false;
      log::write(log::Level::warning, std::string("a message cannot be read now: ") + error.what());
    }
  }
  return content.size > 0;
}

void Engine::leave_out_lost(const Subscription& subscription, std::vector<Handover>& items) {
  record::Acknowledge lost{subscription.id, {}};
  for (auto& item : items) {
    if (!find_bytes(item.content)) lost.sequences.push_back(item.sequence);
  }
  if (lost.sequences.empty()) return;
  const auto sequences = lost.sequences;
  try {
    commit(std::move(lost));
  } catch (const Error&) {
    return;  // no space: load() gives them back, and they come here again
  }
  const auto* queue = state_.queue(subscription.queue);
  for (const auto sequence : sequences)
    log::write(log::Level::error, "message " + std::to_string(sequence) + " of " + queue->name +
                                      " is damaged and lost for subscription " + subscription.name);
  std::erase_if(items, [&](const Handover& item) {
    return std::binary_search(sequences.begin(), sequences.end(), item.sequence);
  });
}

}  // namespace omnibus::embedded
