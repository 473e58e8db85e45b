/// From what came to the consumers that have credit.

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/mqtt/envelope.hpp"
#include "backends/mqtt/retry.hpp"
#include "backends/mqtt/subscription.hpp"
#include "backends/mqtt/user_text.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::size_t deliver_at_once = 256;
constexpr std::size_t loose_messages = 10'000, loose_bytes = std::size_t{64} << 20;

SystemTime now_of_day() {
  return std::chrono::time_point_cast<SystemTime::duration>(std::chrono::system_clock::now());
}

driver::Body body_of(std::string_view bytes) {
  const auto owner = std::make_shared_for_overwrite<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
  return {owner, {owner.get(), bytes.size()}};
}

/// Fills in what the message says.
void read(const Publish& publish, Inbound& message) {
  std::string_view payload = publish.payload;
  if (auto unwrapped = unwrap(payload)) {
    payload = unwrapped->payload;
    message.key = std::move(unwrapped->key);
    message.properties = std::move(unwrapped->properties);
  }
  const auto take = [&message](std::string_view key, std::string_view value) {
    if (key == key_property) {
      message.key = value;
    } else {
      message.properties.set(key, value);
    }
  };
  for (const auto& [key, value] : publish.properties.user) {
    if (key.starts_with(escaped_mark)) {
      take(unescaped(key.substr(escaped_mark.size())), unescaped(value));
    } else {
      take(key, value);
    }
  }
  message.body = body_of(payload);
}

}  // namespace

void Subscription::on_message(Feed& feed, const Publish& publish) {
  if (over_ && !best_effort()) return;  // it stays with the broker
  Inbound message{.id = publish.id, .qos = publish.qos, .came = now_of_day()};
  read(publish, message);
  const auto due =
      feed.kind() == Feed::Kind::retry ? take_retry(message.properties, message.attempt) : std::nullopt;
  if (publish.again) ++message.attempt;
  if (best_effort() && publish.qos == 0) {
    loose_bytes_ += message.body.bytes().size();
    loose_.push_back({.body = std::move(message.body),
                      .properties = std::move(message.properties),
                      .key = std::move(message.key),
                      .attempt = 1,
                      .publish_time = message.came});
    drop_oldest();
    return schedule_pump();
  }
  const auto number = feed.log().add(std::move(message));
  const auto now = now_of_day();
  if (due && *due > now) return keep_here(feed, number, *due - now);
  make_ready(feed, number);
  schedule_pump();
}

void Subscription::drop_oldest() {
  std::uint64_t dropped = 0;
  while (loose_.size() > loose_messages || (loose_bytes_ > loose_bytes && loose_.size() > 1)) {
    loose_bytes_ -= loose_.front().body.bytes().size();
    loose_.pop_front();
    ++dropped;
  }
  if (dropped == 0 || members_.empty()) return;
  members_[turn_ % members_.size()]->dropped += dropped;
}

void Subscription::make_ready(Feed& feed, std::uint64_t number, bool first) {
  Inbound& message = *feed.log().find(number);
  message.state = Inbound::State::ready;
  message.holder = 0;
  const Ready ready{feed.number(), number};
  if (first) {
    ready_.push_front(ready);
  } else {
    ready_.push_back(ready);
  }
}

/// What the consumer had goes to the front, in the order of receipt.
void Subscription::give_back_all(std::uint64_t holder) {
  for (const auto& [feed_number, feed] : feeds_) {
    auto& log = feed->log();
    for (auto number = log.end(); number-- > log.begin();) {
      auto* const message = log.find(number);
      if (message->state != Inbound::State::held || message->holder != holder) continue;
      ++message->attempt;
      make_ready(*feed, number, true);
    }
  }
}

// ---- credit

void Subscription::request(Member& member, std::size_t credit) {
  member.credit += credit;
  if (!pumping_) pump();
}

/// What one read of the socket brings is handed over together.
void Subscription::schedule_pump() {
  if (std::exchange(pump_scheduled_, true)) return;
  context_->loop.post([self = shared_from_this()] {
    self->pump_scheduled_ = false;
    self->pump();
  });
}

Member* Subscription::next_member() {
  if (members_.empty()) return nullptr;
  // Of those that stand by, the first is the active one.
  if (config_.sharing == Sharing::failover) {
    auto& first = *members_.front();
    return first.credit > 0 ? &first : nullptr;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& member = *members_[++turn_ % members_.size()];
    if (member.credit > 0) return &member;
  }
  return nullptr;
}

void Subscription::pump() {
  if (pumping_) return;
  pumping_ = true;
  const auto self = shared_from_this();
  const auto members = members_;
  for (const auto& member : members) {
    if (member->dropped > 0 && !member->closed) member->sink.dropped(std::exchange(member->dropped, 0));
  }
  while (!over_ && opened_ && !(ready_.empty() && loose_.empty())) {
    Member* const member = next_member();
    if (member == nullptr) break;
    deliver_to(*member);
  }
  pumping_ = false;
}

/// With several consumers each gets its share of what is there.
void Subscription::deliver_to(Member& member) {
  const std::size_t there = ready_.size() + loose_.size();
  const std::size_t share =
      config_.sharing == Sharing::failover ? there : (there + members_.size() - 1) / members_.size();
  const std::size_t count = std::min({member.credit, share, deliver_at_once});
  batch_.clear();
  while (batch_.size() < count && !loose_.empty()) {
    loose_bytes_ -= loose_.front().body.bytes().size();
    batch_.push_back(std::move(loose_.front()));
    loose_.pop_front();
  }
  while (batch_.size() < count && !ready_.empty()) {
    const Ready ready = ready_.front();
    ready_.pop_front();
    const auto feed = feeds_.find(ready.feed);
    if (feed == feeds_.end()) continue;
    auto* const message = feed->second->log().find(ready.number);
    if (message == nullptr || message->state != Inbound::State::ready) continue;
    message->state = Inbound::State::held;
    message->holder = member.number;
    ++message->turn;
    batch_.push_back(delivery_of(*feed->second, ready.number, *message));
  }
  member.credit -= batch_.size();
  if (!batch_.empty()) member.sink.deliver(batch_);
}

driver::Delivery Subscription::delivery_of(const Feed& feed, std::uint64_t number,
                                           const Inbound& message) const {
  return {.body = message.body,
          .properties = message.properties,
          .key = message.key,
          .ack = {{feed.number(), number, message.turn}},
          .attempt = message.attempt,
          .publish_time = message.came,
          .message_id = std::to_string(feed.number()) + "." + std::to_string(number)};
}

}  // namespace omnibus::mqtt
