#include "backends/embedded/log/fork_registry.hpp"

#include <mutex>
#include <set>
#include <utility>

#include <pthread.h>

namespace omnibus::embedded {

class ForkRegistry {
 public:
  static ForkRegistry& instance() {
    static auto* registry = new ForkRegistry;  // a fork may come while statics are destroyed
    return *registry;
  }

  void add(ForkGuard* guard) {
    const std::lock_guard lock(mutex_);
    guards_.insert(guard);
  }
  void remove(ForkGuard* guard) {
    const std::lock_guard lock(mutex_);
    guards_.erase(guard);
  }

 private:
  ForkRegistry() {
    pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                   [] { instance().forked(); });
  }
  void forked() {
    for (auto* guard : guards_) guard->in_child_();
    mutex_.unlock();
  }

  std::mutex mutex_;  // guards guards_; held across a fork, so that the child sees the set whole
  std::set<ForkGuard*> guards_;
};

ForkGuard::ForkGuard(std::function<void()> in_child) : in_child_(std::move(in_child)) {
  ForkRegistry::instance().add(this);
}

ForkGuard::~ForkGuard() { ForkRegistry::instance().remove(this); }

}  // namespace omnibus::embedded
