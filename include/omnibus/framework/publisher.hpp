#pragma once

#include <string>

#include <omnibus/bus.hpp>

namespace omnibus::framework {

/// A small bounded buffer (10 items) in front of a producer: send() waits for a place, not for the broker.
/// A failed item is tried again until stop; leftovers are reported, never dropped in silence.
/// Threads: any.
template <Schema T>
class Publisher {
 public:
  Publisher(Bus bus, std::string id, QueueName queue, std::size_t capacity = 10);

  /// Sends with property `id` when `correlation` is not empty. Waits while the buffer is full.
  /// Errors: ClosedError("Publisher is shutting down, not accepting new messages").
  void send(std::string correlation, T value);
  /// Drains up to `timeout`; reports what could not be sent.
  CloseReport stop(Duration timeout = std::chrono::seconds(5)) noexcept;
};

}  // namespace omnibus::framework
