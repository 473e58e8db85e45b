#include "omnibus/framework/subscriber.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <omnibus/log.hpp>

#include "framework/metrics.hpp"

namespace omnibus::framework::detail {

/// One receive is under way at a time; its message goes to the sinks, or waits in `blocked_` until the full
/// ones have room, and only then is the next one taken.
struct SubscriberCore::Impl : std::enable_shared_from_this<Impl> {
  using Handle = std::shared_ptr<omnibus::detail::ConsumerHandle>;
  enum class Phase { idle, active, stopped };
  struct Entry {
    std::optional<std::string> correlation;
    std::shared_ptr<Sink> sink;
  };

  Impl(Bus bus_in, SubscriberSettings settings_in, const schema::Type& type_in, Decode decode_in)
      : bus(std::move(bus_in)),
        settings(std::move(settings_in)),
        type(type_in),
        decode(std::move(decode_in)),
        metrics(bus.metrics(), settings.id, settings.flow, settings.name) {
    settings.options.fail_fast = true;  // the loss of the link must be seen: answers may be lost with it
  }

  Handle subscribe();
  void adopt(const Handle& fresh);
  void renew();
  void renew_later();
  void take(const Handle& from);
  void received(const Handle& from, omnibus::detail::Envelope envelope);
  void offer_blocked();
  void lost(const Handle& from, const Error& error);
  std::vector<std::shared_ptr<Sink>> sinks_for(const omnibus::detail::Envelope& envelope) const;
  void forget(std::uint64_t token, const std::optional<std::string>& correlation);
  void tell_all(const Error& error);
  bool handle_is_not(const Handle& other);
  bool drained() const;
  std::string describe() const { return "subscriber " + settings.name + " of " + settings.queue.str(); }

  Bus bus;
  SubscriberSettings settings;
  const schema::Type& type;
  const Decode decode;
  SubscriberMetrics metrics;

  std::mutex mutex;                 // guards what follows; sinks are called with it held
  std::condition_variable changed;  // what stop() waits for
  Phase phase = Phase::idle;
  Handle handle;
  std::optional<std::uint64_t> timer;  // of the next attempt to subscribe
  std::map<std::uint64_t, Entry> entries;
  std::unordered_multimap<std::string, std::uint64_t> by_correlation;
  std::set<std::uint64_t> take_all;
  std::uint64_t next_token = 1;
  std::shared_ptr<Received> blocked;
  std::vector<std::shared_ptr<Sink>> blocked_on;
};

// Subscribing

SubscriberCore::Impl::Handle SubscriberCore::Impl::subscribe() {
  return bus.create_consumer(settings.queue, settings.subscription, type, settings.options);
}

/// Begins to receive from a new subscription.
void SubscriberCore::Impl::adopt(const Handle& fresh) {
  bool waiting = false;
  {
    const std::lock_guard lock(mutex);
    if (phase == Phase::active) {
      handle = fresh;
      waiting = blocked != nullptr;
      metrics.running(true);
      for (const auto& [token, entry] : entries) entry.sink->restored();
    }
  }
  if (handle_is_not(fresh)) {
    fresh->close(Duration::zero());
  } else if (!waiting) {
    take(fresh);
  }
}

bool SubscriberCore::Impl::handle_is_not(const Handle& other) {
  const std::lock_guard lock(mutex);
  return handle != other;
}

void SubscriberCore::Impl::renew() {
  try {
    adopt(subscribe());
  } catch (...) {
    const auto error = to_error(std::current_exception());
    if (error.code() == ErrorCode::closed) return;
    log::write(log::Level::error, describe() + " cannot subscribe, trying again: " + error.what());
    renew_later();
  }
}

void SubscriberCore::Impl::renew_later() {
  const std::lock_guard lock(mutex);
  if (phase != Phase::active) return;
  timer = bus.post_at(deadline_after(settings.reconnect), [self = shared_from_this()] {
    {
      const std::lock_guard inner(self->mutex);
      self->timer.reset();
      if (self->phase != Phase::active) return;
    }
    self->renew();
  });
}

void SubscriberCore::Impl::lost(const Handle& from, const Error& error) {
  const bool ended = error.code() == ErrorCode::closed;
  {
    const std::lock_guard lock(mutex);
    if (handle != from) return;
    handle.reset();
    metrics.running(false);
    tell_all(ended ? error
                   : Error(ErrorCode::unavailable, describe() + " lost its link: " + error.message(),
                           {.retryable = true}));
  }
  log::write(ended ? log::Level::info : log::Level::warning,
             describe() + (ended ? " ends: " : " lost its link, renewing the subscription: ") + error.what());
  from->close(Duration::zero());
  if (!ended) renew_later();
}

/// Call with the mutex held.
void SubscriberCore::Impl::tell_all(const Error& error) {
  for (const auto& [token, entry] : entries) entry.sink->failed(error);
}

// Receiving

void SubscriberCore::Impl::take(const Handle& from) {
  try {
    from->receive_async(
        [self = shared_from_this(), from](const Error* error, omnibus::detail::Envelope envelope) {
          if (error != nullptr) return self->lost(from, *error);
          self->received(from, std::move(envelope));
        });
  } catch (...) {
    lost(from, to_error(std::current_exception()));
  }
}

void SubscriberCore::Impl::received(const Handle& from, omnibus::detail::Envelope envelope) {
  {
    const std::lock_guard lock(mutex);
    if (phase != Phase::active || handle != from) return;
  }
  if (auto message = decode(*from, std::move(envelope))) {
    from->acknowledge_async(message->envelope(), {});
    const std::lock_guard lock(mutex);
    if (handle != from) return;  // while stop() waits for the waiters it is still delivered
    blocked_on = sinks_for(message->envelope());
    message->sole = blocked_on.size() == 1;
    blocked = std::move(message);
    offer_blocked();
    metrics.received.add();
    if (blocked) return;
  }
  take(from);
}

/// Call with the mutex held.
std::vector<std::shared_ptr<Sink>> SubscriberCore::Impl::sinks_for(
    const omnibus::detail::Envelope& envelope) const {
  const auto* id = envelope.delivery.properties.find("id");
  std::vector<std::shared_ptr<Sink>> found;
  for (const auto token : take_all) found.push_back(entries.at(token).sink);
  if (id == nullptr) return found;
  const auto [begin, end] = by_correlation.equal_range(*id);
  for (auto it = begin; it != end; ++it) found.push_back(entries.at(it->second).sink);
  return found;
}

/// Offers the held message to those that have not taken it. Call with the mutex held.
void SubscriberCore::Impl::offer_blocked() {
  std::erase_if(blocked_on, [this](const std::shared_ptr<Sink>& sink) { return sink->offer(blocked); });
  if (blocked_on.empty()) blocked.reset();
}

/// Takes an entry out of the indexes. Call with the mutex held.
void SubscriberCore::Impl::forget(std::uint64_t token, const std::optional<std::string>& correlation) {
  if (!correlation) {
    take_all.erase(token);
    return;
  }
  const auto [begin, end] = by_correlation.equal_range(*correlation);
  by_correlation.erase(std::find_if(begin, end, [token](const auto& each) { return each.second == token; }));
}

/// Call with the mutex held.
bool SubscriberCore::Impl::drained() const {
  return !blocked && std::all_of(entries.begin(), entries.end(),
                                 [](const auto& each) { return each.second.sink->empty(); });
}

// The face

SubscriberCore::SubscriberCore(Bus bus, SubscriberSettings settings, const schema::Type& type, Decode decode)
    : impl_(std::make_shared<Impl>(std::move(bus), std::move(settings), type, std::move(decode))) {
  if (impl_->settings.capacity == 0) throw ConfigError(impl_->describe() + ": capacity must be at least 1");
}

SubscriberCore::~SubscriberCore() { stop(Duration::zero()); }

void SubscriberCore::start() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->phase == Impl::Phase::stopped) throw ClosedError(impl_->describe() + " was stopped");
    if (impl_->phase == Impl::Phase::active) return;
  }
  const auto handle = impl_->subscribe();
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->phase == Impl::Phase::stopped) throw ClosedError(impl_->describe() + " was stopped");
    if (impl_->phase == Impl::Phase::active) return;  // another thread was faster
    impl_->phase = Impl::Phase::active;
  }
  impl_->adopt(handle);
}

CloseReport SubscriberCore::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  Impl::Handle handle;
  std::optional<std::uint64_t> timer;
  bool was_active = false;
  {
    std::unique_lock lock(impl_->mutex);
    was_active = std::exchange(impl_->phase, Impl::Phase::stopped) == Impl::Phase::active;
    timer = std::exchange(impl_->timer, std::nullopt);
    impl_->changed.wait_until(lock, deadline, [this] { return impl_->drained(); });
    handle = std::exchange(impl_->handle, nullptr);
    impl_->blocked.reset();
    impl_->blocked_on.clear();
    impl_->tell_all(ClosedError(impl_->describe() + " was stopped"));
  }
  if (timer) impl_->bus.cancel(*timer);
  if (was_active) impl_->metrics.running(false);
  if (handle) return handle->close(std::max<Duration>(deadline - Clock::now(), Duration::zero()));
  return {};
}

std::uint64_t SubscriberCore::add(std::optional<std::string> correlation, std::shared_ptr<Sink> sink) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->phase == Impl::Phase::stopped) throw ClosedError(impl_->describe() + " was stopped");
  const auto token = impl_->next_token++;
  if (correlation) {
    impl_->by_correlation.emplace(*correlation, token);
  } else {
    impl_->take_all.insert(token);
  }
  impl_->entries.emplace(token, Impl::Entry{std::move(correlation), std::move(sink)});
  return token;
}

void SubscriberCore::remove(std::uint64_t token) noexcept {
  std::shared_ptr<Sink> gone;  // destroyed after the lock
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->entries.find(token);
    if (found == impl_->entries.end()) return;
    gone = std::move(found->second.sink);
    impl_->forget(token, found->second.correlation);
    impl_->entries.erase(found);
    std::erase(impl_->blocked_on, gone);
  }
  resume();
}

void SubscriberCore::resume() noexcept {
  Impl::Handle from;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->changed.notify_all();
    if (!impl_->blocked) return;
    impl_->offer_blocked();
    if (!impl_->blocked && impl_->phase == Impl::Phase::active) from = impl_->handle;
  }
  if (from) impl_->take(from);
}

Counter& SubscriberCore::dropped() const noexcept { return impl_->metrics.dropped; }
const SubscriberSettings& SubscriberCore::settings() const noexcept { return impl_->settings; }

}  // namespace omnibus::framework::detail
