#include <algorithm>
#include <unordered_set>

#include <omnibus/store.hpp>

#include "backends/embedded/log/scan.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/unreadable.hpp"

namespace omnibus {
namespace {

using namespace embedded;

constexpr int most_attempts = 3;

class Checking {
 public:
  Checking(const std::filesystem::path& directory, const StoreProgress& progress)
      : directory_(directory), progress_(progress) {}

  StoreCheck run() {
    auto image = take_image(directory_);
    files_ = list_bodies();
    log_bytes_ = scan_bytes(image);
    for (const auto& file : files_) body_bytes_ += file.length;
    StoreReading reading(std::move(image), [this](std::uint64_t done, std::uint64_t) { tell(done); });
    tell(log_bytes_);
    read_bodies(reading);
    unreadable_.forgive_settled(reading.image());
    fill(reading);
    return std::move(result_);
  }

 private:
  std::vector<BlobFile> list_bodies() const {
    const auto folder = directory_ / "blobs";
    std::error_code error;
    if (!std::filesystem::exists(folder, error) && !error) return {};
    return BlobFolder(folder, 0, false, 0).list();
  }

  void read_bodies(const StoreReading& reading) {
    reading.for_each_queue([&](const Queue& queue) {
      ++result_.queues;
      result_.subscriptions += queue.subscriptions.size();
      result_.messages += queue.messages.size();
      const auto& messages = queue.messages;
      for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
        read_body(reading, queue, at, *messages.find(at));
      }
    });
    tell(log_bytes_ + body_bytes_);
  }

  void read_body(const StoreReading& reading, const Queue& queue, Sequence at, const StoredMessage& message) {
    const auto id = message.content.blob;
    driver::Delivery delivery;
    try {
      reading.load(message, delivery);
    } catch (const Error& error) {
      unreadable_.add(queue, at, message, error);
    }
    if (id == 0) return;
    named_.insert(id);
    ++result_.bodies;
    result_.body_bytes += delivery.body.bytes().size();
    read_bytes_ += delivery.body.bytes().size();
    tell(log_bytes_ + std::min(read_bytes_, body_bytes_));
  }

  void fill(const StoreReading& reading) {
    const auto& image = reading.image();
    result_.id = image.id;
    result_.in_use = image.in_use;
    result_.segments = image.segments.size();
    result_.log_bytes = log_bytes_;
    result_.checkpoints = image.checkpoints.size();
    if (!image.checkpoints.empty()) result_.checkpoint = image.checkpoints.front().sequence;
    result_.frames = reading.frames;
    result_.frame_bytes = reading.frame_bytes;
    result_.first = reading.first;
    result_.last = reading.last;
    result_.damage = reading.damage;
    result_.messages -= std::min<std::uint64_t>(result_.messages, unreadable_.size());
    unreadable_.tell(result_.damage);
    result_.lost_messages = reading.lost + unreadable_.size();
    result_.cut = reading.cut;
    result_.opens = reading.opens;
    for (const auto& file : files_) {
      if (!named_.contains(file.id)) ++result_.unnamed_bodies;
    }
  }

  void tell(std::uint64_t done) const {
    if (progress_) progress_(done, log_bytes_ + body_bytes_);
  }

  const std::filesystem::path directory_;
  const StoreProgress& progress_;
  StoreCheck result_;
  std::vector<BlobFile> files_;
  Unreadable unreadable_;
  std::unordered_set<BlobId> named_;
  std::uint64_t log_bytes_ = 0, body_bytes_ = 0, read_bytes_ = 0;
};

}  // namespace

std::uint64_t StoreCheck::lost_sequences() const noexcept {
  std::uint64_t lost = 0;
  for (const auto& found : damage) lost += found.last < found.first ? 0 : found.last - found.first + 1;
  return lost;
}

StoreCheck check_store(const std::filesystem::path& directory, const StoreProgress& progress) {
  for (int attempt = 1;; ++attempt) {
    auto result = Checking(directory, progress).run();
    // Whoever opened it meanwhile may have cut what this look saw, and written there.
    const bool quiet = result.in_use || (result.sound() && result.cut.empty()) || !is_in_use(directory);
    if (quiet || attempt == most_attempts) return result;
  }
}

}  // namespace omnibus
