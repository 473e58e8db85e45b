#include "omnibus/framework/publisher.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

#include <omnibus/framework/producer.hpp>
#include <omnibus/log.hpp>

namespace omnibus::framework::detail {

/// Items move from `fresh` to `flying` when they are handed to the producer, and leave when the broker has
/// confirmed them; a failed one goes back to `fresh`, ahead of what came later.
struct PublisherCore::Impl : std::enable_shared_from_this<Impl> {
  struct Item {
    std::uint64_t number;  // order of send()
    std::string correlation;
    std::shared_ptr<const void> value;
  };
  using Items = std::list<Item>;

  Impl(Bus bus_in, PublisherSettings settings_in, const schema::Type& type)
      : bus(std::move(bus_in)),
        settings(std::move(settings_in)),
        producer(bus, settings.id, "None", "", settings.queue, type, settings.options) {}

  void pump_soon();
  void pump();
  void hand_over(Items::iterator place);
  void ended(Items::iterator item, const Error* error);
  void again_later();
  std::size_t held() const noexcept { return fresh.size() + flying.size(); }

  Bus bus;
  const PublisherSettings settings;
  ProducerCore producer;

  std::mutex mutex;                 // guards what follows
  std::condition_variable changed;  // any of what follows
  Items fresh, flying;
  std::uint64_t next_number = 0;
  bool pumping = false;
  bool pausing = false;  // after a failure
  bool draining = false;
  bool ended_for_good = false;
  std::size_t confirmed = 0, rejected = 0;
};

/// Call with the mutex held.
void PublisherCore::Impl::pump_soon() {
  if (pumping || pausing || fresh.empty() || ended_for_good) return;
  pumping = true;
  bus.post([self = shared_from_this()] { self->pump(); });
}

/// Hands over what is there, in order. One thread at a time; may wait for the connection.
void PublisherCore::Impl::pump() {
  for (;;) {
    Items::iterator item;
    {
      const std::lock_guard lock(mutex);
      if (fresh.empty() || pausing || ended_for_good) {
        pumping = false;
        return;
      }
      item = fresh.begin();
      flying.splice(flying.end(), fresh, item);  // in one of the two at every moment: stop() counts them
    }
    hand_over(item);
  }
}

void PublisherCore::Impl::hand_over(Items::iterator place) {
  SendOptions options;
  if (!place->correlation.empty()) options.properties.set("id", place->correlation);
  const auto value = place->value;
  try {
    producer.send_async(value.get(), options, [self = shared_from_this(), place](const Error* error) {
      self->ended(place, error);
    });
  } catch (...) {
    const auto error = to_error(std::current_exception());
    ended(place, &error);
  }
}

void PublisherCore::Impl::ended(Items::iterator item, const Error* error) {
  const std::lock_guard lock(mutex);
  if (error != nullptr && error->retryable() && !ended_for_good) {
    log::write(log::Level::warning,
               "publisher of " + settings.queue.str() + " will try again: " + error->what());
    const auto later = std::find_if(fresh.begin(), fresh.end(),
                                    [item](const Item& other) { return other.number > item->number; });
    fresh.splice(later, flying, item);
    again_later();
  } else {
    if (error == nullptr) {
      ++confirmed;
    } else if (!ended_for_good) {  // stop() counts the rest
      ++rejected;
      log::write(log::Level::error, "publisher of " + settings.queue.str() + " cannot send item '" +
                                        item->correlation + "': " + error->what());
    }
    flying.erase(item);
  }
  changed.notify_all();
}

/// Call with the mutex held.
void PublisherCore::Impl::again_later() {
  if (pausing) return;
  pausing = true;
  bus.post_at(deadline_after(settings.retry), [self = shared_from_this()] {
    const std::lock_guard lock(self->mutex);
    self->pausing = false;
    self->pump_soon();
  });
}

PublisherCore::PublisherCore(Bus bus, PublisherSettings settings, const schema::Type& type)
    : impl_(std::make_shared<Impl>(std::move(bus), std::move(settings), type)) {
  if (impl_->settings.capacity == 0) throw ConfigError("a publisher needs a capacity of at least 1");
}

PublisherCore::~PublisherCore() { stop(std::chrono::seconds(5)); }

void PublisherCore::send(std::string correlation, std::shared_ptr<const void> value) {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [this] { return impl_->draining || impl_->held() < impl_->settings.capacity; });
  if (impl_->draining) throw ClosedError("Publisher is shutting down, not accepting new messages");
  impl_->fresh.push_back({impl_->next_number++, std::move(correlation), std::move(value)});
  impl_->pump_soon();
}

CloseReport PublisherCore::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  std::size_t before = 0, held = 0, settled = 0;
  {
    std::unique_lock lock(impl_->mutex);
    impl_->draining = true;
    before = impl_->confirmed;
    impl_->changed.notify_all();
    impl_->changed.wait_until(lock, deadline, [this] { return impl_->held() == 0; });
    impl_->ended_for_good = true;
    held = impl_->held();
    settled = impl_->confirmed;
    impl_->fresh.clear();
  }
  impl_->producer.stop(std::max<Duration>(deadline - Clock::now(), Duration::zero()));
  const std::lock_guard lock(impl_->mutex);
  const CloseReport report{.flushed = impl_->confirmed - before,
                           .unsent = held - (impl_->confirmed - settled) + std::exchange(impl_->rejected, 0)};
  if (report.unsent > 0) {
    log::write(log::Level::warning, "publisher of " + impl_->settings.queue.str() + " ends with " +
                                        std::to_string(report.unsent) + " messages not sent");
  }
  return report;
}

}  // namespace omnibus::framework::detail
