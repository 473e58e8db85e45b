#pragma once

#include <functional>
#include <span>

#include <omnibus/driver.hpp>

#include "backends/embedded/decide.hpp"

namespace omnibus::embedded {

/// One message of a store.
struct Stored {
  QueueId queue = 0;
  Sequence sequence = 0;
};
/// Tells content again from its place. Errors: corrupt, not_found, io.
using Reread = std::function<Content(const Content&)>;

/// How decisions become history: in memory at once, or as frames of a log shared with other processes.
/// Best-effort messages take a way of their own: they need no commit section, and what happens to them after
/// their publish concerns one process only.
/// Threads: the functions that take a State under the Engine's lock; the others from any thread without it.
class Journal {
 public:
  /// What a journal tells and asks the Engine.
  struct Listener {
    std::function<void()> changed;      ///< others committed something
    std::function<void(OwnerId)> gone;  ///< a process went
    std::function<void()> tidy;         ///< time to drop what is kept no longer
    /// Shows the State as of mark(), under the Engine's lock; not at all when the Engine is gone.
    std::function<void(const std::function<void(const State&)>&)> look;
    /// Engine::copy_forward; 0 when the Engine is gone.
    std::function<std::size_t(std::span<const Stored>, std::uint64_t last, const Reread&)> move;
  };

  virtual ~Journal() = default;

  /// Names this opening in records.
  virtual OwnerId self() const noexcept = 0;
  /// False when the process of that opening is gone.
  virtual bool alive(OwnerId owner) const = 0;

  /// Fills an empty State with everything committed so far. Call it first, once. Errors: corrupt, io.
  virtual void restore(State& state, Effects& effects) = 0;
  /// Starts telling. Each function may run on any thread of the journal until stop() has returned.
  virtual void start(Listener listener) = 0;
  /// Confirms what is committed, ends the threads and closes the log.
  virtual void stop() noexcept = 0;
  /// To be called before the first use of a best-effort queue. Errors: as opening the store.
  virtual void want_best_effort() = 0;

  /// Applies what others committed. Errors: io, closed.
  virtual void catch_up(State& state, Effects& effects) = 0;
  /// The same, and keeps the others out until leave(); the caller has waited for its turn for `waited`
  /// already. Errors: unavailable, io, closed.
  virtual void enter(State& state, Effects& effects, Duration waited) = 0;
  virtual bool entered() const noexcept = 0;
  virtual void leave() noexcept = 0;
  /// Makes the records history together and applies them. All are of best-effort messages, or none is; the
  /// latter needs enter(). Errors: no_space, io: nothing has changed.
  virtual void commit(State& state, std::span<Record> records, Effects& effects) = 0;
  /// Names everything committed so far, for confirm().
  virtual std::uint64_t mark() const noexcept = 0;

  /// Nothing is read again.
  virtual bool fleeting() const noexcept = 0;
  /// Whether everything up to `mark` is as durable as was asked for; if not, confirm() tells when it is.
  virtual bool confirmed(std::uint64_t mark) = 0;
  /// Runs `done` when everything up to `mark` is as durable as was asked for. Errors go to `done`.
  virtual void confirm(std::uint64_t mark, Completion done) = 0;
  /// Keeps the bytes of a message for a Publish record; `apart`: with the body in a file of its own, whatever
  /// its size. Errors: no_space, io.
  virtual Content store(const driver::Outgoing& message, bool best_effort, bool apart = false) = 0;
  /// The same for a message that stays as it is until its Publish record is committed.
  virtual Content prepare(const driver::Outgoing& message, bool best_effort) {
    return store(message, best_effort);
  }
  /// The bytes of a content whose place alone is known. With enter(). Errors: corrupt, not_found, io.
  virtual Content find(const Content& place) = 0;
  /// Fills body, properties and key. Errors: corrupt, io.
  virtual void load(const Content& content, bool best_effort, driver::Delivery& delivery) = 0;
  /// Deletes a body's file that no message refers to, once everything up to `mark` is on disk: before, a
  /// power cut could bring its message back.
  virtual void discard_blob(std::uint64_t blob, std::uint64_t mark) = 0;
};

/// A journal without files: one process, gone with it.
std::unique_ptr<Journal> make_memory_journal();

}  // namespace omnibus::embedded
