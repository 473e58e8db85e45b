#pragma once

/// The journal of a store directory: frames of the commit log, best-effort messages through a volatile log in
/// shared memory, large bodies in files of their own.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "backends/embedded/cleaner.hpp"
#include "backends/embedded/frame_reader.hpp"
#include "backends/embedded/journal.hpp"
#include "backends/embedded/keeper.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/upkeep.hpp"

namespace omnibus::embedded {

class LogJournal final : public Journal {
 public:
  /// A checkpoint is due after `checkpoint_interval` bytes of log. Errors: as Log::open.
  LogJournal(LogOptions options, std::uint64_t checkpoint_interval);
  ~LogJournal() override;

  const Log& log() const noexcept { return *committed_.log; }

  /// Shows the State as of mark(). Between start() and stop(), from any thread.
  void look(const std::function<void(const State&)>& show) const { listener_.look(show); }
  /// Writes a checkpoint now and tells what messages take of each segment; nothing when another process is
  /// writing one, or nothing was committed since the newest. Threads as look(). Errors: no_space, io.
  std::optional<SegmentUse> checkpoint_now();
  /// Empties the first segments that are together at most half in use. Threads as look(). Errors: as
  /// Cleaner::empty.
  Cleaner::Copied clean(const SegmentUse& use, const Cleaner::Progress& progress) const;
  /// Removes the segments that no checkpoint needs, and the bodies whose messages are gone; false when
  /// another member still needs some of the segments. Threads as look(). Errors: io.
  bool remove_unneeded();

  OwnerId self() const noexcept override { return self_; }
  bool alive(OwnerId owner) const override;
  void restore(State& state, Effects& effects) override;
  void start(Listener listener) override;
  void stop() noexcept override;
  void want_best_effort() override;

  void catch_up(State& state, Effects& effects) override;
  void enter(State& state, Effects& effects, Duration waited) override;
  bool entered() const noexcept override { return section_.has_value(); }
  void leave() noexcept override;
  void commit(State& state, std::span<Record> records, Effects& effects) override;
  std::uint64_t mark() const noexcept override { return committed_.applied.load(); }

  bool fleeting() const noexcept override { return false; }
  bool confirmed(std::uint64_t mark) override { return committed_.log->confirmed(mark); }
  void confirm(std::uint64_t mark, Completion done) override;
  Content store(const driver::Outgoing& message, bool best_effort, bool apart) override;
  Content prepare(const driver::Outgoing& message, bool best_effort) override;
  Content find(const Content& place) override { return frames_.read(place); }
  void load(const Content& content, bool best_effort, driver::Delivery& delivery) override;
  void discard_blob(std::uint64_t blob, std::uint64_t mark) override;

 private:
  /// One log and how far it is read.
  struct Place {
    std::unique_ptr<Log> log;
    Cursor cursor;
    std::atomic<std::uint64_t> applied = 0;  ///< everything up to it
  };

  void read(Place& place, State& state, Effects& effects, bool best_effort);
  void append(Place& place, Log::Section& section, State& state, std::span<Record> records, Effects& effects);
  void commit_best_effort(State& state, std::span<Record> records, Effects& effects);
  void follow(Place& place, const std::stop_token& stop);
  bool keep(const std::stop_token& stop);
  void keep_at_close() noexcept;
  std::optional<SegmentUse> write_checkpoint();
  void note_growth(const Place& place, const FrameView& frame);
  Place* best_effort() noexcept { return best_effort_ready_.load() ? &best_effort_ : nullptr; }

  Place committed_;
  OwnerId self_ = 0;
  std::unique_ptr<Upkeep> upkeep_;
  std::optional<Log::Section> section_;  ///< guarded by the Engine's lock
  bool appended_ = false;                ///< likewise: in this section
  std::string bytes_;                    ///< likewise: the frame being encoded
  std::vector<std::size_t> places_;      ///< likewise: of the contents in bytes_
  FrameReader frames_{
      [this](FramePosition position) { return committed_.log->read_at(position); }};  ///< likewise

  std::mutex mutex_;  ///< guards the making of what follows
  Place best_effort_;
  std::atomic<bool> best_effort_ready_ = false;
  Listener listener_;
  std::vector<std::jthread> followers_;
  std::mutex upkeep_round_;  ///< held during a round of upkeep, whoever does it
  Keeper keeper_;
  TimePoint tidied_ = {};  ///< the Keeper's
};

}  // namespace omnibus::embedded
