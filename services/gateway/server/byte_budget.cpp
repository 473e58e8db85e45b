#include "services/gateway/server/byte_budget.hpp"

#include <vector>

namespace omnibus::gateway {

std::unique_ptr<ByteBudget::Claim> ByteBudget::claim(std::size_t bytes, std::function<void()> wake) {
  auto claim = std::make_unique<Claim>(shared_from_this(), bytes, std::move(wake));
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() && fits(*claim)) {
    held_ += bytes;
    claim->granted_ = true;
  } else {
    waiting_.push_back(claim.get());
  }
  return claim;
}

void ByteBudget::release(Claim& claim) {
  std::vector<std::function<void()>> wakes;
  {
    const std::lock_guard lock(mutex_);
    if (claim.granted_) {
      held_ -= claim.bytes_;
    } else {
      std::erase(waiting_, &claim);
    }
    while (!waiting_.empty() && fits(*waiting_.front())) {
      auto& next = *waiting_.front();
      waiting_.pop_front();
      held_ += next.bytes_;
      wakes.push_back(next.wake_);  // `next` may go as soon as the lock does
      next.granted_ = true;
    }
  }
  for (const auto& wake : wakes) wake();
}

}  // namespace omnibus::gateway
