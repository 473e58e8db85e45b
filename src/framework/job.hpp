#pragma once

/// One message on its way through a handler, and one call of the handler for it.

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <omnibus/framework/consumer.hpp>

namespace omnibus::framework::detail {

/// A message in work. Lives until its handler has ended and the message is settled.
struct Job {
  std::shared_ptr<Received> received;
  std::shared_ptr<omnibus::detail::ConsumerHandle> handle;  ///< where it came from
  Context context;
  TimePoint first = {};                      ///< when it was received
  std::uint64_t timer = 0;                   ///< while it waits for its rate limit, or to be settled again
  std::optional<std::string> rejected = {};  ///< why it is given back; empty: acknowledged
};

/// One call of a handler. Finds out how it ended whatever the handler does: returns, throws, calls `done`
/// later or twice, or lets go of it. `ended` runs exactly once.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  using Ended = UniqueFunction<void(std::exception_ptr)>;
  explicit Attempt(Ended ended) : ended_(std::move(ended)) {}

  void call(const ConsumerLoop::Run& run, Job& job);

 private:
  class Done;
  enum : unsigned { returned = 1, dropped = 2, finished = 4 };
  void finish(std::exception_ptr failure);
  void drop();

  std::atomic<unsigned> state_ = 0;
  Ended ended_;
};

}  // namespace omnibus::framework::detail
