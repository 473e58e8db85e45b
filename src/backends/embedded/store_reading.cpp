#include "backends/embedded/store_reading.hpp"

#include <algorithm>
#include <utility>

#include "backends/embedded/frame_reader.hpp"
#include "backends/embedded/log/scan.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/message_format.hpp"
#include "backends/embedded/snapshot.hpp"

namespace omnibus::embedded {

StoreReading::StoreReading(StoreImage image, const StoreProgress& progress)
    : image_(std::move(image)), state_(std::make_unique<State>(0)) {
  damage = image_.damage;
  cut = image_.set_aside;
  start_from_checkpoint();
  compare_beginning();
  read_frames(progress);
  find_messages();
}

/// The newest one that can be used; the other one must be fit for use too.
void StoreReading::start_from_checkpoint() {
  bool found = false;
  for (const auto& checkpoint : image_.checkpoints) {
    auto state = std::make_unique<State>(0);
    try {
      Snapshot::decode(std::make_shared<const std::string>(checkpoint.bytes), *state);
      unpack(*state);
      if (std::exchange(found, true)) continue;
      state_ = std::move(state);
      known_ = checkpoint.sequence;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::unsupported) throw;  // of another version, not damaged
      damage.push_back({.file = "checkpoint", .what = error.what()});
    }
  }
}

/// Errors: corrupt.
void StoreReading::unpack(State& state) {
  for (const auto& [id, queue] : state.queues()) {
    const auto& messages = queue.messages;
    for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) continue;
  }
}

/// Of those that come from the checkpoint only the places are known yet. What is lost is left out.
void StoreReading::find_messages() {
  FrameReader reader([this](FramePosition position) { return read_frame(image_, position); });
  for (const auto& [id, queue] : state_->queues()) {
    auto& messages = state_->queue(id)->messages;
    for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
      auto& content = messages.find(at)->content;
      try {
        if (content.data == nullptr) content = reader.read(content);
        if (content.size == 0) messages.erase(at);
      } catch (const Error&) {
        messages.erase(at);
        ++lost;
      }
    }
  }
  if (lost > 0)
    damage.push_back({.file = "checkpoint",
                      .what = std::to_string(lost) + " of its messages lie in damaged or missing frames"});
}

void StoreReading::compare_beginning() {
  // Where no segment is left, recovery begins a new one behind what it knows of.
  const auto begins = image_.segments.empty() ? image_.intact + 1 : image_.segments.front().header.first;
  if (begins <= known_ + 1) return;
  opens = false;
  damage.push_back({.file = "log",
                    .first = known_ + 1,
                    .last = begins - 1,
                    .what = "its beginning is missing, and no checkpoint in between can be read: the store "
                            "cannot be opened"});
}

void StoreReading::read_frames(const StoreProgress& progress) {
  const auto total = scan_bytes(image_);
  std::uint64_t done = 0;
  scan(image_, {.frame = [this](const FrameView& frame) { apply(frame); },
                .damage = [this](const StoreDamage& found) { damage.push_back(found); },
                .cut = [this](const StoreDamage& found) { cut.push_back(found); },
                .progress =
                    [&](std::uint64_t bytes) {
                      done += bytes;
                      if (progress) progress(done, total);
                    }});
}

void StoreReading::apply(const FrameView& frame) {
  ++frames;
  frame_bytes += frame.size;
  last = frame.sequence;
  if (first == 0) first = last;
  try {
    const auto records = decode_frame(frame);
    if (frame.sequence <= known_) return;
    for (const auto& record : records) {
      name_queue_of(record);
      state_->apply(record, effects_);
    }
    effects_ = {};
  } catch (const Error& error) {
    damage.push_back({.file = segment_file(frame.position.segment),
                      .offset = frame.position.offset,
                      .bytes = frame.size,
                      .first = frame.sequence,
                      .last = frame.sequence,
                      .what = std::string("the frame has no meaning: ") + error.what()});
  }
}

/// Where the frame that named a queue is lost, its messages are still worth a look.
void StoreReading::name_queue_of(const Record& record) {
  const auto* publish = std::get_if<record::Publish>(&record);
  if (publish == nullptr || state_->queue(publish->queue) != nullptr) return;
  const auto number = std::to_string(publish->queue);
  state_->apply(record::CreateQueue{publish->queue, false, "unknown/unknown/" + number, "unknown/unknown"},
                effects_);
  damage.push_back({.file = "log",
                    .what = "the name of queue number " + number +
                            " is lost: its messages are in q1/unknown/unknown/" + number +
                            " here, and nowhere when the store is opened"});
}

void StoreReading::load(const StoredMessage& message, driver::Delivery& delivery) const {
  const BlobFolder bodies(image_.directory / "blobs", 0, false, 0);
  decode_message(
      message.content,
      [&](const BlobReference& reference) {
        auto mapping = bodies.open({reference.id, reference.length, reference.crc});
        const auto bytes = mapping->bytes();
        return driver::Body(std::move(mapping), bytes);
      },
      delivery);
}

void StoreReading::for_each_queue(const std::function<void(const Queue&)>& each) const {
  std::vector<const Queue*> queues;
  for (const auto& [id, queue] : state_->queues()) {
    if (!queue.best_effort) queues.push_back(&queue);
  }
  std::sort(queues.begin(), queues.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const auto* queue : queues) each(*queue);
}

std::string body_file(BlobId id) { return "blobs/" + hex16(id) + ".blob"; }

std::string queue_name(const Queue& queue) { return "q1/" + queue.name; }

}  // namespace omnibus::embedded
