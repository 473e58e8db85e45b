/// Opening, permits, the end. Receiving is in subscriber_receive.cpp, settling in subscriber_settle.cpp.

#include "backends/pulsar/subscriber.hpp"

#include <algorithm>
#include <utility>

#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/statistics.hpp"
#include "backends/pulsar/subscriber_part.hpp"
#include "backends/pulsar/topic.hpp"
#include "wire/gather.hpp"

namespace omnibus::pulsar {
namespace {

/// Of best effort, always open: a broker without permits drops the newest, we the oldest.
constexpr std::int64_t loose_permits = 1'000'000;
constexpr std::size_t deliver_at_once = 256;
constexpr Duration first_nudge = std::chrono::seconds(1), last_nudge = std::chrono::seconds(16);

}  // namespace

Subscriber::Subscriber(std::shared_ptr<Session> session, Config config, driver::Sink& sink)
    : session_(std::move(session)),
      config_(std::move(config)),
      sink_(sink),
      due_timer_(session_->loop()),
      close_timer_(session_->loop()),
      nudge_timer_(session_->loop()) {}

Subscriber::~Subscriber() = default;

void Subscriber::open(const std::shared_ptr<Session>& session, Config config, driver::Sink& sink,
                      Opened opened) {
  const auto subscriber = std::make_shared<Subscriber>(session, std::move(config), sink);
  const auto& link = subscriber->config_.link;
  subscriber->returning_ = session->forget_lost(link.topic, link.subscription);
  if (!subscriber->returning_) return subscriber->find_parts(std::move(opened));
  find_subscription(session, link.topic, link.subscription,
                    [subscriber, opened = std::move(opened)](bool exists) mutable {
                      subscriber->recreated_ = !exists;
                      subscriber->find_parts(std::move(opened));
                    });
}

void Subscriber::find_parts(Opened opened) {
  session_->partitions(config_.link.topic, [self = shared_from_this(), opened = std::move(opened)](
                                               const Error* error, std::size_t partitions) mutable {
    if (error != nullptr) return self->finish_opening(error, std::move(opened));
    self->open_parts(partitions, [self, opened = std::move(opened)](const Error* refused) mutable {
      self->finish_opening(refused, std::move(opened));
    });
  });
}

void Subscriber::finish_opening(const Error* error, Opened opened) {
  if (error == nullptr) {
    if (recreated_) sink_.recreated();
    top_up();
    if (!config_.best_effort) nudge(first_nudge);
    return opened(nullptr, shared_from_this());
  }
  const Error told = *error;
  if (returning_) session_->note_lost(config_.link.topic, config_.link.subscription);
  close(Clock::now(), [](const Error*) {});
  opened(&told, nullptr);
}

void Subscriber::open_parts(std::size_t partitions, Completion done) {
  const std::size_t count = partitions == 0 ? 1 : partitions;
  wire::Gather all(count, std::move(done));
  for (std::size_t i = 0; i < count; ++i) {
    auto link = config_.link;
    if (partitions > 0) link.topic = partition_of(config_.link.topic, i);
    const auto part = std::make_shared<Part>(weak_from_this(), static_cast<std::uint32_t>(i), link.topic);
    parts_.push_back(part);
    SubscriptionLink::open(session_, link, part,
                           [self = shared_from_this(), part, opened = all.part()](
                               const Error* error, SubscriptionLink made) mutable {
                             part->link = std::move(made);
                             opened(error);
                           });
  }
}

// ---- credit

void Subscriber::request(std::size_t credit) {
  credit_ += credit;
  if (!pumping_) pump();
}

void Subscriber::schedule_pump() {
  if (std::exchange(pump_scheduled_, true)) return;
  session_->loop().post([self = shared_from_this()] {
    self->pump_scheduled_ = false;
    self->pump();
  });
}

void Subscriber::pump() {
  if (std::exchange(pumping_, true)) return;
  const auto self = shared_from_this();
  if (dropped_ > 0 && !closed_) sink_.dropped(std::exchange(dropped_, 0));
  while (credit_ > 0 && !ready_.empty() && !closed_ && !lost_) deliver();
  pumping_ = false;
  top_up();
}

/// Hands over what is ready, as far as the credit goes. The Sink may ask for more meanwhile.
void Subscriber::deliver() {
  const std::size_t count = std::min({credit_, ready_.size(), deliver_at_once});
  batch_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    Ready& ready = ready_.front();
    if (ready.entry != nullptr) {
      Slot& slot = ready.entry->slots[ready.index];
      slot.state = Slot::State::held;
      if (config_.ack_timeout > Duration::zero()) {
        schedule(deadline_after(config_.ack_timeout), {MessageKey::unpack(ready.delivery.ack), true});
      }
    } else {
      ready_bytes_ -= ready.delivery.body.bytes().size();
    }
    batch_.push_back(std::move(ready.delivery));
    ready_.pop_front();
  }
  credit_ -= count;
  sink_.deliver(batch_);
}

/// Lets the broker send what is asked for and neither here nor on its way.
void Subscriber::top_up() {
  if (closed_ || lost_) return;
  const auto wanted = static_cast<std::int64_t>(credit_) - static_cast<std::int64_t>(ready_.size());
  const auto count = static_cast<std::int64_t>(parts_.size());
  for (const auto& part : parts_) {
    if (!part->link.connection) continue;
    std::int64_t target = wanted;
    if (count > 1 && wanted > 0) target = std::max<std::int64_t>(1, wanted / count);
    if (config_.best_effort) target = part->permits < loose_permits / 2 ? loose_permits : part->permits;
    if (target <= part->permits) continue;
    part->link.flow(static_cast<std::size_t>(target - part->permits));
    part->permits = target;
  }
}

/// Broker 4.0.8, just started and busy loading topics, was seen to sit on permits and backlog of a new
/// consumer: it had counted the permits and dispatched nothing. Asked for what is unacknowledged, of which
/// there is nothing yet, it looks again.
void Subscriber::nudge(Duration after) {
  nudge_timer_.after(after, [weak = weak_from_this(), after] {
    const auto self = weak.lock();
    if (!self || self->closed_ || self->lost_ || self->received_) return;
    for (const auto& part : self->parts_) {
      if (part->permits > 0) part->link.redeliver();
    }
    if (after < last_nudge) self->nudge(4 * after);
  });
}

// ---- the end

void Subscriber::on_lost(const Error& error) {
  if (lost_ || closed_) return;
  const auto self = shared_from_this();
  lost_ = error;
  if (config_.link.durable && !config_.best_effort)
    session_->note_lost(config_.link.topic, config_.link.subscription);
  if (config_.link.sharing == Sharing::exclusive) {
    for (const auto& part : parts_) {
      session_->note_orphan("subscription " + config_.link.subscription + " " + part->topic);
    }
  }
  // Acknowledgements of what is held here may still come, over the next link.
  unsettled_.each([this](const Entry& entry) {
    if (entry.chunks.empty()) return;
    session_->remember_chunks(config_.link.topic + config_.link.subscription, entry.key, entry.chunks);
  });
  sink_.failed(error);
}

void Subscriber::unsubscribe(Completion done) {
  if (lost_ || closed_) {
    const Error error = lost_ ? *lost_ : make_error(ErrorCode::closed, "the consumer is closed", false);
    return done(&error);
  }
  wire::Gather all(parts_.size(), std::move(done));
  for (const auto& part : parts_) part->link.unsubscribe(all.part());
}

void Subscriber::close(TimePoint deadline, Completion done) {
  if (std::exchange(closed_, true)) return done(nullptr);
  closed_done_ = std::move(done);
  due_.clear();
  due_timer_.cancel();
  nudge_timer_.cancel();
  ready_.clear();
  const auto self = shared_from_this();
  wire::Gather all(parts_.size(), [self](const Error*) { self->finish_close(); });
  for (const auto& part : parts_) {
    if (part->link.connection) {
      part->link.close(all.part());
    } else {
      all.part()(nullptr);
    }
  }
  if (!closed_done_ || deadline == TimePoint::max()) return;
  close_timer_.at(deadline, [self] { self->finish_close(); });
}

void Subscriber::finish_close() {
  if (!closed_done_) return;
  close_timer_.cancel();
  auto done = std::exchange(closed_done_, nullptr);
  done(nullptr);
}

}  // namespace omnibus::pulsar
