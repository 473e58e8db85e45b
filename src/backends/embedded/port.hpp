#pragma once

/// The local end of one consumer, shared by the Engine and the driver's handle.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// One leased message on its way to a Sink.
struct Handover {
  Content content;
  Sequence sequence = 0;
  std::uint64_t epoch = 0;  ///< 0: best effort, nothing to acknowledge
  Millis time = 0;
  std::uint32_t attempt = 1;
};

/// Deliveries that were taken back from a consumer which lives on, so that a late acknowledgement of one that
/// somebody else has settled meanwhile is told from a repeated one. Remembers the newest.
class TakenBack {
 public:
  void add(Sequence sequence, std::uint64_t epoch);
  bool contains(Sequence sequence, std::uint64_t epoch) const noexcept;

 private:
  static constexpr std::size_t most = 4096;
  std::vector<std::pair<Sequence, std::uint64_t>> ring_;
  std::size_t oldest_ = 0;
};

/// Everything but the constants is guarded by the Engine's lock.
struct Port {
  Port(driver::Sink& to, ConsumerId consumer, SubscriptionId of, std::size_t most, bool is_best_effort)
      : sink(to), id(consumer), subscription(of), window(most), best_effort(is_best_effort) {}

  driver::Sink& sink;
  const ConsumerId id;
  const SubscriptionId subscription;
  const std::size_t window;
  const bool best_effort;

  std::shared_ptr<void> joined;  ///< counts beside the inline consumers of its queue
  std::size_t credit = 0;
  bool hungry = false;  ///< stands in the list of those that can take more
  bool closed = false;
  bool failed = false;   ///< the Sink has been or will be told
  bool pumping = false;  ///< a thread is calling the Sink; it goes on until nothing is left
  std::vector<Handover> outbox;
  std::uint64_t dropped = 0;
  std::optional<Error> failure;
  // The same, taken by the thread that calls the Sink, which alone uses them.
  std::vector<Handover> pumped;
  std::uint64_t pumped_dropped = 0;
  std::optional<Error> pumped_failure;
  std::vector<Completion> when_quiet;  ///< closed: run once no thread calls the Sink any more
  TakenBack taken_back;
};

using PortPtr = std::shared_ptr<Port>;

}  // namespace omnibus::embedded
