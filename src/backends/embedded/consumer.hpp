#pragma once

#include <memory>

#include <omnibus/driver.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

class ConsumerHandle : public driver::Consumer {
 public:
  ConsumerHandle(std::shared_ptr<Engine> engine, PortPtr port);
  ~ConsumerHandle() override;

  void request(std::size_t credit) override;
  void acknowledge(std::span<const driver::AckId> ids, Completion done) override;
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) override;
  void unsubscribe(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

  const std::shared_ptr<Engine>& engine() const noexcept { return engine_; }
  const PortPtr& port() const noexcept { return port_; }

 private:
  const std::shared_ptr<Engine> engine_;
  const PortPtr port_;
};

}  // namespace omnibus::embedded
