#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

/// Gathers outputs and acknowledgements; the commit is one frame of the log. Bodies that would make the frame
/// long are written to files of their own beforehand.
/// Threads: one caller at a time.
class TransactionHandle final : public driver::Transaction {
 public:
  explicit TransactionHandle(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  ~TransactionHandle() override;

  void send(const QueueName& queue, const driver::Outgoing& message, Completion done) override;
  void acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids, Completion done) override;
  void commit(Completion done) override;
  void abort(Completion done) override;

 private:
  const std::shared_ptr<Engine> engine_;
  Engine::Transacted work_;
  std::uint64_t bytes_ = 0;         ///< of all bodies
  std::uint64_t inline_bytes_ = 0;  ///< of those in the frame
};

}  // namespace omnibus::embedded
