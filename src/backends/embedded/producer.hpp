#pragma once

#include <memory>
#include <mutex>

#include <omnibus/driver.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

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
  const OutletPtr outlet_;
  std::once_flag closed_;
};

}  // namespace omnibus::embedded
