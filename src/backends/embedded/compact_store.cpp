#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <omnibus/store.hpp>

#include "backends/embedded/clock.hpp"
#include "backends/embedded/engine.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/parameters.hpp"

namespace omnibus {
namespace {

using namespace embedded;

/// How long other members may take to apply what was moved, or to finish a checkpoint of their own.
constexpr auto patience = std::chrono::seconds(10);
constexpr auto pause = std::chrono::milliseconds(20);

/// One opening that only tidies up: it keeps to no retention of its own.
class Compacting {
 public:
  Compacting(const std::filesystem::path& directory, const StoreProgress& progress) : progress_(progress) {
    StoreFolder::require(directory);
    const auto bodies = directory / "blobs";  // an opening removes some of them already
    if (std::filesystem::exists(bodies)) bodies_ = BlobFolder(bodies, 0, false, 0).list();
    LogOptions options;
    options.directory = directory;
    options.create = false;
    options.durability = {.level = Durability::Level::process};
    auto journal = std::make_unique<LogJournal>(std::move(options), Parameters().checkpoint_interval);
    journal_ = journal.get();
    engine_ = std::make_shared<Engine>(std::move(journal), EngineOptions{{}, wall_clock});
  }
  ~Compacting() { engine_->stop(); }
  Compacting(const Compacting&) = delete;
  Compacting& operator=(const Compacting&) = delete;

  StoreCompaction run() {
    engine_->start();
    const auto segments = log().segments();
    const auto use = write_checkpoint();
    const auto copied = journal_->clean(use, [this](std::uint64_t done, std::uint64_t total) {
      if (progress_) progress_(done, total);
      return true;
    });
    result_.copied = copied.messages;
    result_.copied_bytes = copied.bytes;
    result_.unreadable = copied.lost;
    write_checkpoint();
    write_checkpoint();  // a start from the one before must need no more than this one
    result_.complete = within_patience([this] { return journal_->remove_unneeded(); });
    count(segments);
    return result_;
  }

 private:
  const Log& log() const { return journal_->log(); }

  /// Somebody else's that is as new does as well, but there is no telling; so it is tried again.
  SegmentUse write_checkpoint() {
    std::optional<SegmentUse> use;
    within_patience([&] {
      engine_->append_nothing();
      use = journal_->checkpoint_now();
      return use.has_value();
    });
    return std::move(use).value_or(SegmentUse());
  }

  template <class Try>
  static bool within_patience(Try attempt) {
    const auto enough = deadline_after(patience);
    while (!attempt()) {
      if (Clock::now() >= enough) return false;
      std::this_thread::sleep_for(pause);
    }
    return true;
  }

  void count(const std::vector<SegmentInfo>& before) {
    const auto after = log().segments();
    for (const auto& segment : after) result_.log_bytes += segment.bytes;
    result_.segments = after.size();
    for (const auto& segment : before) {
      const bool there = std::any_of(after.begin(), after.end(),
                                     [&](const auto& left) { return left.number == segment.number; });
      if (there) continue;
      ++result_.removed_segments;
      result_.removed_segment_bytes += segment.bytes;
    }
    std::set<BlobId> left;
    for (const auto& body : log().blobs()) left.insert(body.id);
    result_.bodies = left.size();
    for (const auto& body : bodies_) {
      if (left.contains(body.id)) continue;
      ++result_.removed_bodies;
      result_.removed_body_bytes += body.length;
    }
  }

  const StoreProgress& progress_;
  std::vector<BlobFile> bodies_;
  LogJournal* journal_ = nullptr;  // the engine's
  std::shared_ptr<Engine> engine_;
  StoreCompaction result_;
};

}  // namespace

StoreCompaction compact_store(const std::filesystem::path& directory, const StoreProgress& progress) {
  return Compacting(directory, progress).run();
}

}  // namespace omnibus
