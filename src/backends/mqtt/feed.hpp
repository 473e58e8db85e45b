#pragma once

#include <deque>
#include <memory>
#include <string>

#include "backends/mqtt/inbound.hpp"
#include "backends/mqtt/session.hpp"

namespace omnibus::mqtt {

class Feed;

/// Takes what a feed brings.
class FeedEvents {
 public:
  virtual ~FeedEvents() = default;
  virtual void on_message(Feed& feed, const Publish& publish) = 0;
  /// Nothing comes any more; what it brought is no longer held.
  virtual void on_feed_lost(Feed& feed, const Error& error) = 0;
  /// An adopted one is empty: all that came was answered, and nothing more is there.
  virtual void on_drained(Feed& feed) = 0;
};

/// One session that brings the messages of a subscription, or its store of those that were given back here.
/// Threads: the loop's only.
class Feed final : public SessionEvents, public std::enable_shared_from_this<Feed> {
 public:
  enum class Kind {
    home,      ///< the subscription's own
    instance,  ///< this process's, beside a home that another has
    adopted,   ///< of a process that is gone: emptied and removed
    retry,     ///< copies of what was given back
    brief,     ///< goes with its connection
    local,     ///< no session: what an ephemeral subscription gave back
  };
  struct Config {
    Kind kind = Kind::home;
    std::string client_id = {};
    std::string filter = {};    ///< subscribed to; of an adopted one, no more
    std::string unwanted = {};  ///< a filter that the session may have from before
    std::string presence = {};  ///< where its holder is told; empty: nowhere
    std::string holder = {};    ///< what is told
    std::uint8_t qos = 1;
    std::uint32_t expiry = 0;  ///< seconds
    std::size_t window = 0;    ///< most messages unanswered
    bool kept = false;         ///< its state may outlive the process
  };

  Feed(std::shared_ptr<Context> context, std::uint64_t number, Config config,
       std::weak_ptr<FeedEvents> events)
      : context_(std::move(context)),
        number_(number),
        config_(std::move(config)),
        events_(std::move(events)),
        presence_timer_(context_->loop) {}

  const Config& config() const noexcept { return config_; }
  Kind kind() const noexcept { return config_.kind; }
  std::uint64_t number() const noexcept { return number_; }  ///< names it in ack ids
  InboundLog& log() noexcept { return log_; }
  /// Set when the broker had forgotten a session that this process had used.
  bool was_recreated() const noexcept { return recreated_; }
  bool is_lost() const noexcept { return lost_.has_value(); }

  /// Connects, tells its presence and subscribes. Errors: as Session::open and subscribe.
  void open(Completion done);
  /// Connects anew with a larger window; what is unanswered stays.
  void widen(std::size_t window, Completion done);

  /// Subscribes to another filter and then no more to that of before: nothing is missed, and what comes
  /// meanwhile may come twice.
  void switch_filter(const std::string& filter, Completion done);
  /// Tells another holder from now on.
  void tell(const std::string& holder);
  /// No longer takes part in its shared subscription; what the session has stays in it.
  void stop_taking(Completion done);

  /// This message is done with. Of QoS 2 it does not come again, however long its answer has to wait for
  /// older ones. Errors: Error{io}.
  void settle(Inbound& message);
  /// Answers what is settled, as far as nothing older is unsettled. `done` runs when the kernel has the
  /// answers, or at once when there are none. Errors: why the session ended before.
  void answer(Completion done);
  /// Ends the session, or, with `forget`, removes it at the broker.
  void close(bool forget, TimePoint deadline, UniqueFunction<void()> done);
  /// Ends it where another has taken it over.
  void abandon(const Error& error) { on_lost(error); }

  void on_publish(const Publish& publish) override;
  void on_lost(const Error& error) override;

 private:
  void connect(Completion done);
  void connected(std::shared_ptr<Session> session, Completion done);
  void tell_presence(std::string_view holder, Completion done);
  void keep_telling();
  void look_for_more();
  void part(TimePoint deadline, UniqueFunction<void()> done);
  void forget_brief();

  const std::shared_ptr<Context> context_;
  const std::uint64_t number_;
  Config config_;
  const std::weak_ptr<FeedEvents> events_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<SessionState> state_;  ///< null without a session
  InboundLog log_;
  std::deque<Completion> answering_;  ///< wait for the kernel
  wire::Timer presence_timer_;
  std::optional<Error> lost_;
  std::uint64_t came_ = 0;
  bool recreated_ = false, looking_ = false, widening_ = false, closing_ = false, forgets_ = false;
};

}  // namespace omnibus::mqtt
