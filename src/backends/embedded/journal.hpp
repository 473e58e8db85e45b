#pragma once

#include <span>

#include <omnibus/driver.hpp>

#include "backends/embedded/decide.hpp"

namespace omnibus::embedded {

/// How decisions become history: in memory at once, or as frames of a log shared with other processes.
/// Threads: enter, commit, mark and leave under the Engine's lock; the others from any thread without it.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Names this opening in records.
  virtual OwnerId self() const noexcept = 0;

  /// Applies what others committed and keeps them out until leave(). Errors: unavailable, io, closed.
  virtual void enter(State& state, Effects& effects) = 0;
  virtual void leave() noexcept = 0;
  /// Makes the records history together and applies them. Errors: no_space, io: nothing has changed.
  virtual void commit(State& state, std::span<Record> records, Effects& effects) = 0;
  /// Names everything committed so far, for confirm().
  virtual std::uint64_t mark() const noexcept = 0;

  /// confirm() runs its completion before it returns.
  virtual bool confirms_at_once() const noexcept = 0;
  /// Runs `done` when everything up to `mark` is as durable as was asked for.
  virtual void confirm(std::uint64_t mark, Completion done) = 0;
  /// Keeps the bytes of a message for a Publish record. Errors: no_space, io.
  virtual Content store(const driver::Outgoing& message) = 0;
  /// Fills body, properties and key. Errors: corrupt, io.
  virtual void load(const Content& content, driver::Delivery& delivery) = 0;
  /// Deletes a body's file that no message refers to.
  virtual void remove_blob(std::uint64_t blob) noexcept = 0;
};

/// A journal without files: one process, gone with it.
std::unique_ptr<Journal> make_memory_journal();

}  // namespace omnibus::embedded
