#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include <omnibus/driver.hpp>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// The local end of one producer, shared by the Engine and the driver's handle. It knows which sends are not
/// completed, so that close() can wait for them and give up at its deadline those that wait for durability.
/// Threads: any.
class Outlet : public std::enable_shared_from_this<Outlet> {
 public:
  Outlet(ProducerId producer, bool is_best_effort) : id(producer), best_effort(is_best_effort) {}

  /// So many sends are under way, or are completed.
  void begin(std::size_t count) noexcept { under_way_.fetch_add(count); }
  void end(std::size_t count) noexcept;
  /// A completion that stands for `done` until it runs or is given up.
  Completion hold(Completion done);
  /// Nothing is held or under way.
  bool idle();
  /// Runs `done` once nothing is held or under way any more.
  void when_empty(Completion done);
  /// Fails what is held with ErrorCode::closed.
  void give_up();

  const ProducerId id;
  const bool best_effort;

  // Guarded by the Engine's lock:
  bool broken = false;           ///< a send was refused that will come again: none behind it may overtake
  std::uint64_t round = 0;       ///< of the Engine, to which the following belong
  std::uint64_t last = 0;        ///< highest number stored
  std::optional<Error> refused;  ///< what failed first: those behind it fail too

 private:
  struct Entry {
    Completion done;
    bool taken = false;
  };
  using Place = std::list<Entry>::iterator;
  void complete(Place place, const Error* error);
  void left(std::unique_lock<std::mutex> lock);

  std::atomic<std::size_t> under_way_ = 0;
  std::atomic<bool> awaited_ = false;  ///< when_empty_ is there
  std::mutex mutex_;                   ///< guards what follows
  std::list<Entry> held_;
  std::size_t running_ = 0;  ///< completions being run now
  Completion when_empty_;
};

using OutletPtr = std::shared_ptr<Outlet>;

}  // namespace omnibus::embedded
