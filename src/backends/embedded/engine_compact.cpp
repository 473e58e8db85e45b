#include <utility>

#include <omnibus/log.hpp>

#include "backends/embedded/section.hpp"

namespace omnibus::embedded {
namespace {

/// One frame holds about so much, so that others wait for the commit section only shortly.
constexpr std::size_t frame_bytes = std::size_t{32} << 10;
/// Of a record besides the content, at most.
constexpr std::size_t record_bytes = 32;

}  // namespace

std::size_t Engine::copy_forward(std::span<const Stored> messages, std::uint64_t last, const Reread& read) {
  std::size_t unreadable = 0;
  run([&](Aftermath&) {
    std::vector<Record> frame;
    std::size_t filled = 0;
    for (const auto& [id, sequence] : messages) {
      const auto* queue = state_.queue(id);
      const auto* message = queue == nullptr ? nullptr : queue->messages.find(sequence);
      if (message == nullptr || message->content.segment > last) continue;
      try {
        auto content = read(message->content);
        const auto size = content.size + record_bytes;
        if (filled > 0 && filled + size > frame_bytes) commit(std::exchange(frame, {})), filled = 0;
        filled += size;
        frame.emplace_back(record::Relocate{id, sequence, std::move(content)});
      } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found) throw;
        ++unreadable;
        frame.emplace_back(record::Relocate{id, sequence, {.blob = message->content.blob}});
        log::write(log::Level::error, "message " + std::to_string(sequence) + " of " + queue->name +
                                          " is damaged and lost: " + error.what());
      }
    }
    commit(std::move(frame));
  });
  return unreadable;
}

void Engine::append_nothing() {
  // There is no producer 0.
  run([this](Aftermath&) { commit(record::CloseProducer{0}); });
}

}  // namespace omnibus::embedded
