#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/mqtt/session.hpp"

namespace omnibus::mqtt {

/// Hears of the sessions of one subscription.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// What is kept about a session now: its holder, "gone", or nothing.
  virtual void on_presence(std::string_view topic, std::string_view holder) = 0;
  /// Nothing is heard any more.
  virtual void on_trunk_lost(const Error& error) = 0;
};

/// The session that the whole Bus shares: it sends for producers without a name, and hears who holds which
/// session of a subscription. Made again by whoever needs it after it was lost. Threads: the loop's only.
class Trunk final : public SessionEvents, public std::enable_shared_from_this<Trunk> {
 public:
  explicit Trunk(std::shared_ptr<Context> context);

  /// The session, opened when there is none. Errors: as Session::open.
  void session(Session::Opened opened);

  /// Subscribes to `filter`, whose topics all begin with `prefix`; completes once all that is retained was
  /// told. Again for what is watched already: all is told anew.
  void watch(const std::string& prefix, const std::string& filter, const std::weak_ptr<Watcher>& watcher,
             Completion done);
  /// Nothing when somebody else watches there by now.
  void unwatch(const std::string& prefix, const std::string& filter, const std::weak_ptr<Watcher>& watcher);

  void close(TimePoint deadline, UniqueFunction<void()> done);

  void on_publish(const Publish& publish) override;
  void on_lost(const Error& error) override;

 private:
  void opened(const Error* error, std::shared_ptr<Session> session);

  const std::shared_ptr<Context> context_;
  const std::string client_id_;
  std::shared_ptr<Session> session_;
  std::vector<Session::Opened> waiting_;  ///< not empty while it is being opened
  std::map<std::string, std::weak_ptr<Watcher>, std::less<>> watchers_;  ///< by prefix
};

}  // namespace omnibus::mqtt
