#pragma once

#include <list>
#include <memory>
#include <mutex>

#include <omnibus/driver.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

/// The completions of one producer that wait for durability, so that close() can give them up at its
/// deadline. Threads: any.
class Confirmations : public std::enable_shared_from_this<Confirmations> {
 public:
  /// A completion that stands for `done` until it runs or is given up.
  Completion hold(Completion done);
  /// Runs `done` once nothing is held any more.
  void when_empty(Completion done);
  /// Fails what is held with ErrorCode::closed.
  void give_up();

 private:
  struct Entry {
    Completion done;
    bool taken = false;
  };
  using Place = std::list<Entry>::iterator;
  void complete(Place place, const Error* error);
  void left(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;  ///< guards what follows
  std::list<Entry> held_;
  std::size_t running_ = 0;  ///< completions being run now
  Completion when_empty_;
};

class ProducerHandle final : public driver::Producer {
 public:
  ProducerHandle(std::shared_ptr<Engine> engine, driver::Host& host, ProducerId id, bool best_effort);
  ~ProducerHandle() override;

  void send(std::span<driver::SendRequest> batch) override;
  void flush(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

 private:
  const std::shared_ptr<Engine> engine_;
  driver::Host& host_;
  const ProducerId id_;
  const bool best_effort_;
  const std::shared_ptr<Confirmations> confirmations_;
  std::once_flag closed_;
};

}  // namespace omnibus::embedded
