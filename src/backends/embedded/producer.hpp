#pragma once

#include <memory>
#include <mutex>

#include <omnibus/driver.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

class ProducerHandle final : public driver::Producer {
 public:
  ProducerHandle(std::shared_ptr<Engine> engine, driver::Host& host, ProducerId id, bool best_effort,
                 std::shared_ptr<InlineQueue> inline_queue = nullptr);
  ~ProducerHandle() override;

  void send(std::span<driver::SendRequest> batch) override;
  bool send_at_once(const driver::Outgoing& message) override;
  void flush(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

 private:
  void deliver_inline(const driver::Outgoing& message);

  const std::shared_ptr<Engine> engine_;
  driver::Host& host_;
  const OutletPtr outlet_;
  std::once_flag closed_;
  const std::shared_ptr<InlineQueue> inline_queue_;  ///< null: nobody can be inline
  InlineQueue::View inline_view_;
};

}  // namespace omnibus::embedded
