#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include <omnibus/framework/config_receiver.hpp>
#include <omnibus/function.hpp>

namespace omnibus::gateway {

/// The running flows and their interfaces, from the configuration's type `flow`.
/// Threads: any.
class FlowTable {
 public:
  using Interfaces = std::shared_ptr<const boost::json::object>;
  enum class Wanted : std::uint8_t { known, present, absent };

  /// Something to do when a flow has come or gone, or the first configuration is there.
  class Waiter {
   public:
    Waiter(Wanted wanted, std::string flow, UniqueFunction<void()> then)
        : wanted_(wanted), flow_(std::move(flow)), then_(std::move(then)) {}
    /// Does it now unless it is done.
    void run() {
      if (done_.exchange(true)) return;
      auto then = std::move(then_);  // what it holds goes with it
      then();
    }

   private:
    friend class FlowTable;
    const Wanted wanted_;
    const std::string flow_;
    UniqueFunction<void()> then_;
    std::atomic<bool> done_{false};
  };

  using Changed = std::function<void(const std::vector<std::string>& flows)>;

  /// Takes a configuration over; a definition that cannot be read is logged and counts as absent.
  /// `changed` runs with the flows that went or whose interfaces changed, before any waiter does.
  void apply(const framework::Configuration& configuration, const Changed& changed);

  /// Null when there is no such flow.
  Interfaces find(const std::string& flow) const;
  /// Every flow by its id.
  std::map<std::string, Interfaces> all() const;
  /// A configuration has come.
  bool known() const;

  /// Does `then` once the condition holds: now, or after an apply. The caller may run what is returned
  /// earlier, on a deadline; it is null when `then` is done.
  std::shared_ptr<Waiter> when(Wanted wanted, std::string flow, UniqueFunction<void()> then);
  /// Runs every waiter now.
  void release();

 private:
  struct Entry {
    std::string text;
    Interfaces interfaces;
  };
  bool holds(const Waiter& waiter) const;  // under mutex_

  mutable std::mutex mutex_;  // guards what follows
  bool known_ = false;
  std::map<std::string, Entry> flows_;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace omnibus::gateway
