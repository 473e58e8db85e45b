#pragma once

#include <atomic>
#include <cstdint>

namespace omnibus::embedded {

/// Lets calls pass until it is closed; closing waits for those inside. Calls may nest, also in one that runs
/// while it closes: the inner one is refused.
class Gate {
 public:
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate), open_((gate.state_.fetch_add(1) & closed) == 0) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    ~Pass() {
      if (gate_.state_.fetch_sub(1) == (closed | 1)) gate_.state_.notify_all();
    }
    /// False: the gate is closed.
    explicit operator bool() const noexcept { return open_; }

   private:
    Gate& gate_;
    const bool open_;
  };

  void close() noexcept {
    state_.fetch_or(closed);
    for (auto state = state_.load(); state != closed; state = state_.load()) state_.wait(state);
  }

 private:
  static constexpr std::uint64_t closed = std::uint64_t{1} << 63;
  std::atomic<std::uint64_t> state_ = 0;
};

}  // namespace omnibus::embedded
