#pragma once

/// What Dispatch is made of; only for the sources of this folder.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "services/gateway/dispatch/dispatch.hpp"
#include "services/gateway/dispatch/dispatcher.hpp"
#include "services/gateway/dispatch/flow_table.hpp"
#include "services/gateway/dispatch/services.hpp"
#include "services/gateway/status/board.hpp"

namespace omnibus::gateway {

/// A request that has no service to go to; the text goes to the client.
struct Undeliverable {
  std::string text;
  unsigned status;
};

/// Deletes something on the pool: its last user may be one of its own callbacks, or a thread that must not
/// wait.
struct DeleteOnPool {
  Bus bus;
  template <class Thing>
  void operator()(Thing* thing) const {
    std::unique_ptr<Thing> owned(thing);
    try {
      bus.post([owned = std::move(owned)]() mutable { owned.reset(); });
    } catch (const std::exception&) {
      owned.reset();  // the Bus is closed: no callback runs any more
    }
  }
};

/// Told when its flow goes or changes. Threads: the Bus's pool, without a lock held.
class FlowFollower {
 public:
  virtual ~FlowFollower() = default;
  virtual void flow_changed() = 0;
};

struct Dispatch::Core : std::enable_shared_from_this<Core> {
  using Key = std::tuple<std::string, std::string>;  // flow ("" for none), line
  /// Takes the dispatcher, or null and why there is none. Runs at once, or on the pool once it is made.
  using Obtained = std::function<void(const std::shared_ptr<Dispatcher>&, const Error* failure)>;
  /// A dispatcher, or the making of one.
  struct Slot {
    explicit Slot(FlowTable::Interfaces from) : interfaces(std::move(from)) {}
    bool made_from(const FlowTable::Interfaces& current) const {
      return interfaces == current || (interfaces && current && *interfaces == *current);
    }
    const FlowTable::Interfaces interfaces;  // of the flow when its queues were looked up; null for none
    std::shared_ptr<Dispatcher> dispatcher;  // null while it is being made; guarded by Core::mutex
    std::vector<Obtained> waiting;           // for it; guarded by Core::mutex
  };

  Core(Bus given, DispatchOptions chosen)
      : bus(std::move(given)),
        options(std::move(chosen)),
        metrics(bus.metrics(), options.id),
        status(std::make_shared<StatusBoard>(bus, options.id,
                                             watch_global(options.queues, options.config_push_queue), errors,
                                             options.whole_system)) {}

  void serve(std::optional<std::string> flow, std::string service, boost::json::value body,
             std::shared_ptr<Exchange> exchange);
  void deliver(const std::optional<std::string>& flow, const std::string& service, boost::json::value body,
               const std::shared_ptr<Exchange>& exchange);
  void take_frame(const std::string& text, const std::string& request_id, const Reply& reply);
  /// These find a dispatcher. Errors: Undeliverable; otherwise `then` is told.
  void global(const std::string& kind, const boost::json::value& body, Obtained then);
  void in_flow(const std::string& flow, const std::string& kind, const boost::json::value& body,
               Obtained then);
  void importer(const std::string& flow, const StreamType& type, Obtained then);
  QueueName exported_queue(const std::string& flow, const StreamType& type);
  FlowTable::Interfaces interfaces_of(const std::string& flow) const;
  void obtain(const Key& key, const ServiceType& type, const FlowTable::Interfaces& interfaces,
              const std::function<DispatcherPlan()>& plan, Obtained then);
  void make(const Key& key, const ServiceType& type, const std::shared_ptr<Slot>& slot,
            const std::function<DispatcherPlan()>& plan, const Obtained& then);
  void remember(const std::shared_ptr<Dispatcher>& dispatcher);
  void forget(const Key& key, const std::shared_ptr<Slot>& slot);
  void send(Dispatcher& dispatcher, const boost::json::value& body,
            const std::shared_ptr<Exchange>& exchange);
  void settle(const std::string& service, const boost::json::value& body, Exchange& exchange);
  void wait(FlowTable::Wanted wanted, std::string flow, UniqueFunction<void()> then);
  void configure(const framework::Configuration& configuration);
  void follow(const std::string& flow, const std::shared_ptr<FlowFollower>& follower);

  Bus bus;
  const DispatchOptions options;
  RequestMetrics metrics;
  FlowTable flows;
  const std::shared_ptr<ErrorLog> errors = std::make_shared<ErrorLog>();
  const std::shared_ptr<StatusBoard> status;
  std::mutex mutex;  // guards what follows
  std::map<Key, std::shared_ptr<Slot>> slots;
  std::vector<std::weak_ptr<Dispatcher>> made;  // also those whose flow has gone and that still have requests
  std::vector<std::pair<std::string, std::weak_ptr<FlowFollower>>> followers;  // by flow
  bool stopped = false;
};

}  // namespace omnibus::gateway
