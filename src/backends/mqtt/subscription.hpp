#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backends/mqtt/feed.hpp"
#include "backends/mqtt/topic.hpp"
#include "backends/mqtt/trunk.hpp"

namespace omnibus::mqtt {

/// A consumer of this Bus as its subscription sees it.
struct Member {
  Member(driver::Sink& to, std::size_t most) : sink(to), window(most) {}
  driver::Sink& sink;
  const std::size_t window;
  std::uint64_t number = 0;
  std::size_t credit = 0;
  std::uint64_t dropped = 0;  ///< of best effort, untold
  bool closed = false;
};

/// One subscription of a queue in this Bus: its consumers, which share what comes, and the sessions that
/// bring it.
///
/// A lasting one has a home session at the broker, whose client id comes from queue and subscription alone,
/// so that whoever consumes next finds what was kept. With MQTT 5 further processes have sessions of their
/// own beside it, all of one shared subscription; those of processes that are gone, and a home that nobody
/// holds, are taken over by who is left. Who holds what is told by retained messages. Threads: the loop's
/// only.
class Subscription final : public FeedEvents,
                           public Watcher,
                           public std::enable_shared_from_this<Subscription> {
 public:
  struct Config {
    QueueName queue;
    std::string name;
    Sharing sharing = Sharing::shared;
    bool lasting = true;       ///< outlives its consumers
    bool alone = false;        ///< consumers of other processes are refused
    std::uint32_t expiry = 0;  ///< seconds that a lasting one is kept without them
  };

  Subscription(std::shared_ptr<Context> context, std::shared_ptr<Trunk> trunk, Config config);

  const Config& config() const noexcept { return config_; }
  const SubscriptionNames& names() const noexcept { return names_; }
  bool best_effort() const noexcept { return config_.queue.qos == Qos::best_effort; }
  /// Lost or closed: who comes now makes another.
  bool is_over() const noexcept { return over_; }

  /// Adds a consumer. Completes once everything sent from now on reaches the subscription. Errors: conflict
  /// where another holds it, or in another mode; what the broker says.
  void join(const std::shared_ptr<Member>& member, Completion done);
  void request(Member& member, std::size_t credit);
  void acknowledge(std::span<const driver::AckId> ids, Completion done);
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done);
  /// What the consumer holds goes to the others; with the last one the sessions end. `forget`: the
  /// subscription is removed with all it holds.
  void leave(const std::shared_ptr<Member>& member, bool forget, TimePoint deadline,
             UniqueFunction<void()> done);

  void on_message(Feed& feed, const Publish& publish) override;
  void on_feed_lost(Feed& feed, const Error& error) override;
  void on_drained(Feed& feed) override;
  void on_presence(std::string_view topic, std::string_view holder) override;
  void on_trunk_lost(const Error& error) override;

 private:
  struct Ready {
    std::uint64_t feed;
    std::uint64_t number;
  };
  struct Joining {
    std::shared_ptr<Member> member;
    Completion done;
  };

  // Sessions: subscription_feeds.cpp
  void open(Completion done);
  void choose_feeds(Completion done);
  void open_home(Completion done);
  void open_brief(Completion done);
  std::shared_ptr<Feed> make_feed(Feed::Kind kind, std::string client_id, std::string filter,
                                  bool sharing = false);
  void open_feed(const std::shared_ptr<Feed>& feed, Completion done);
  std::size_t window() const noexcept;
  const std::string* foreign_holder(const std::string& client_id) const;
  Error conflict(const std::string& holder) const;
  bool holds(const std::string& client_id) const;
  void look_after_others();
  void adopt(const std::string& client_id);
  void look_again();
  std::string holder_text(bool sharing = false) const;
  bool shares() const noexcept { return context_->version == Version::v5 && context_->shares; }
  Feed* feed_of(Feed::Kind kind) const;
  bool has_others(bool living) const;
  void fit_home();
  void share_with_home(const std::shared_ptr<Feed>& feed, Completion done);
  void begin_sharing();
  // Joining and leaving: subscription.cpp
  void join_next();
  void joined(const std::shared_ptr<Member>& member, const Error* error);
  void fail(const Error& error);
  void finish(bool forget, TimePoint deadline, UniqueFunction<void()> done);
  void end_feeds(bool forget, TimePoint deadline, UniqueFunction<void()> done);
  // Delivering: subscription_deliver.cpp
  void pump();
  void schedule_pump();
  void deliver_to(Member& member);
  Member* next_member();
  void drop_oldest();
  driver::Delivery delivery_of(const Feed& feed, std::uint64_t number, const Inbound& message) const;
  void make_ready(Feed& feed, std::uint64_t number, bool first = false);
  void give_back_all(std::uint64_t holder);
  // Settling: subscription_settle.cpp
  Feed* feed_of(const driver::AckId& id);
  void copy_to_retry(Feed& feed, std::uint64_t number, Duration delay, Completion done);
  void copied(Feed& feed, std::uint64_t number, Duration delay, const Error* error, Completion done);
  void move_to_local(Feed& feed, std::uint64_t number, Duration delay, Completion done);
  void keep_here(Feed& feed, std::uint64_t number, Duration delay);
  void arm();
  void run_due();
  void copy_blocking(Completion done);
  Error stale() const;

  const std::shared_ptr<Context> context_;
  const std::shared_ptr<Trunk> trunk_;
  const Config config_;
  const SubscriptionNames names_;
  std::vector<std::shared_ptr<Member>> members_;
  std::deque<Joining> joining_;
  bool opened_ = false, busy_ = false, over_ = false, pumping_ = false;
  bool pump_scheduled_ = false;
  bool competed_ = false;  ///< the home was taken over from somebody who is gone
  std::map<std::uint64_t, std::shared_ptr<Feed>> feeds_;
  std::shared_ptr<Feed> local_;                              ///< one of them
  std::map<std::string, std::string, std::less<>> holders_;  ///< by client id: what is told of it
  bool watching_ = false, fitting_ = false;
  Completion sharing_;  ///< set while an own session waits to take part
  std::set<std::string> adopting_;
  std::deque<Ready> ready_;
  std::deque<driver::Delivery> loose_;  ///< of best effort
  std::size_t loose_bytes_ = 0;
  std::size_t turn_ = 0;  ///< whose it is among the members
  std::vector<driver::Delivery> batch_;
  std::multimap<TimePoint, Ready> due_;
  wire::Timer due_timer_, look_timer_, compete_timer_, share_timer_;
};

}  // namespace omnibus::mqtt
