#pragma once

#include <future>

#include "backends/embedded/consumer.hpp"

namespace omnibus::embedded::test {

/// Its destructor waits for the close, so that the Sink may go right after it.
class ClosingConsumer final : public ConsumerHandle {
 public:
  using ConsumerHandle::ConsumerHandle;
  ~ClosingConsumer() override {
    std::promise<void> closed;
    close(Clock::now(), [&](const Error*) { closed.set_value(); });
    closed.get_future().wait();
  }
};

}  // namespace omnibus::embedded::test
