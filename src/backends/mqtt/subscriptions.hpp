#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "backends/mqtt/subscription.hpp"

namespace omnibus::mqtt {

/// The subscriptions of a Bus by name, and those that are made or removed without a consumer. Threads: the
/// loop's only.
class Subscriptions final : public std::enable_shared_from_this<Subscriptions> {
 public:
  Subscriptions(std::shared_ptr<Context> context, std::shared_ptr<Trunk> trunk)
      : context_(std::move(context)), trunk_(std::move(trunk)) {}

  /// The one that runs, or a new one. Errors: conflict when it runs in another mode.
  std::shared_ptr<Subscription> find_or_make(Subscription::Config config);

  /// Makes the sessions that keep what comes. Nothing when they are there.
  void create(const QueueName& queue, std::string_view name, Completion done);
  /// Removes every session of it. Errors: conflict while a consumer holds one.
  void remove(const QueueName& queue, std::string_view name, Completion done);

  /// Runs `work` after the delay, or with an error when the Bus closes before.
  void later(Duration delay, Completion work);
  void close();

 private:
  struct Later {
    Later(wire::Loop& loop, Completion then) : timer(loop), work(std::move(then)) {}
    wire::Timer timer;
    Completion work;
  };

  using Key = std::tuple<std::string, std::string, bool>;

  std::shared_ptr<Subscription> running(const QueueName& queue, std::string_view name) const;

  const std::shared_ptr<Context> context_;
  const std::shared_ptr<Trunk> trunk_;
  std::map<Key, std::weak_ptr<Subscription>> known_;
  std::list<Later> later_;
};

}  // namespace omnibus::mqtt
