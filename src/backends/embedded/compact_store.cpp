#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include <omnibus/store.hpp>

#include "backends/embedded/clock.hpp"
#include "backends/embedded/engine.hpp"
#include "backends/embedded/frame_reader.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/parameters.hpp"

namespace omnibus {
namespace {

using namespace embedded;

/// How long other members may take to apply what was moved, or to finish a checkpoint of their own.
constexpr auto patience = std::chrono::seconds(10);
constexpr auto pause = std::chrono::milliseconds(20);
/// Bytes copied in one step, while others wait.
constexpr std::size_t step = std::size_t{64} << 10;

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
    const auto last = choose(segments);
    copy_up_to(last);
    write_checkpoint();
    write_checkpoint();  // a start from the one before must need no more than this one
    result_.complete = within_patience([this] { return journal_->remove_unneeded(); });
    count(segments);
    return result_;
  }

 private:
  const Log& log() const { return journal_->log(); }

  /// The last of the first segments that are worth to be emptied: together they are at most half in use. 0
  /// for none. Only from the front can segments go, and the newest never.
  std::uint64_t choose(const std::vector<SegmentInfo>& segments) {
    std::map<std::uint64_t, std::uint64_t> used;
    journal_->look([&used](const State& state) {
      for_each_message(state, [&used](QueueId, Sequence, const Content& content) {
        used[content.segment] += content.size + frame_header_size;
      });
    });
    std::uint64_t last = 0, bytes = 0, live = 0;
    for (std::size_t at = 0; at + 1 < segments.size(); ++at) {
      bytes += segments[at].bytes;
      live += used[segments[at].number];
      if (live <= bytes / 2) last = segments[at].number;
    }
    return last;
  }

  template <class Each>
  static void for_each_message(const State& state, Each each) {
    for (const auto& [id, queue] : state.queues()) {
      if (queue.best_effort) continue;
      const auto& messages = queue.messages;
      for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
        each(id, at, messages.find(at)->content);
      }
    }
  }

  void copy_up_to(std::uint64_t last) {
    struct Entry {
      FramePosition position;
      Engine::Stored stored;
      std::size_t size;
    };
    std::vector<Entry> found;
    journal_->look([&](const State& state) {
      for_each_message(state, [&](QueueId id, Sequence sequence, const Content& content) {
        if (content.segment <= last)
          found.push_back({{content.segment, content.frame}, {id, sequence}, content.size});
      });
    });
    // In the order of the log, so that each frame is read once.
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::tie(a.position.segment, a.position.offset) <
             std::tie(b.position.segment, b.position.offset);
    });
    std::uint64_t total = 0;
    for (const auto& entry : found) total += entry.size;
    FrameReader frames([this](FramePosition position) { return log().read_at(position); });
    std::vector<Engine::Stored> batch;
    std::uint64_t done = 0;
    for (std::size_t at = 0; at < found.size(); ++at) {
      batch.push_back(found[at].stored);
      result_.copied_bytes += found[at].size;
      if (result_.copied_bytes - done < step && at + 1 < found.size()) continue;
      result_.unreadable +=
          engine_->copy_forward(batch, last, [&frames](const Content& place) { return frames.read(place); });
      batch.clear();
      done = result_.copied_bytes;
      if (progress_) progress_(done, total);
    }
    result_.copied = found.size() - result_.unreadable;
  }

  /// Somebody else's that is as new does as well, but there is no telling; so it is tried again.
  void write_checkpoint() {
    within_patience([this] {
      engine_->append_nothing();
      return journal_->checkpoint_now();
    });
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
