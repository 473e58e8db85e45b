#include "backends/pulsar/subscription_link.hpp"

#include <atomic>
#include <chrono>
#include <limits>
#include <random>

namespace omnibus::pulsar {
namespace {

proto::CommandSubscribe::SubType type_of(Sharing sharing) {
  switch (sharing) {
    case Sharing::exclusive:
      return proto::CommandSubscribe::Exclusive;
    case Sharing::failover:
      return proto::CommandSubscribe::Failover;
    case Sharing::shared:
      break;
  }
  return proto::CommandSubscribe::Shared;
}

/// For the broker's logs and statistics: this process, and a number.
std::string consumer_name() {
  static const std::string process = std::to_string(std::random_device{}());
  static std::atomic<std::uint64_t> made = 0;
  return "omnibus-" + process + "-" + std::to_string(++made);
}

/// Among failover consumers the broker prefers the lowest number and picks by a hash among equals. Numbers
/// that rise with time (in units of 10 ms, wrapping after months) leave the subscription with whoever holds
/// it.
std::int32_t failover_priority() {
  static std::atomic<std::uint32_t> last = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(10);
  const auto wanted = static_cast<std::uint32_t>(now) & 0x7fffffffu;
  std::uint32_t before = last.load();
  std::uint32_t next = 0;
  do {
    const bool behind = before >= wanted && before - wanted < 1000;
    next = behind ? before + 1 : wanted;
  } while (!last.compare_exchange_weak(before, next));
  return static_cast<std::int32_t>(next & 0x7fffffffu);
}

void fill(proto::CommandSubscribe& subscribe, const SubscriptionLink::Config& config) {
  const bool earliest = config.position == Position::earliest;
  subscribe.set_topic(config.topic);
  subscribe.set_subscription(config.subscription);
  subscribe.set_subtype(type_of(config.sharing));
  subscribe.set_durable(config.durable);
  subscribe.set_initialposition(earliest ? proto::CommandSubscribe::Earliest
                                         : proto::CommandSubscribe::Latest);
  subscribe.set_consumer_name(consumer_name());
  if (config.sharing == Sharing::failover) subscribe.set_priority_level(failover_priority());
  if (config.durable) return;
  // A subscription that is not durable starts where it is told, by ids that stand for both ends.
  const auto edge = earliest ? std::numeric_limits<std::uint64_t>::max()
                             : static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  subscribe.mutable_start_message_id()->set_ledgerid(edge);
  subscribe.mutable_start_message_id()->set_entryid(edge);
}

std::string orphan_name(const SubscriptionLink::Config& config) {
  return "subscription " + config.subscription + " " + config.topic;
}

void subscribe(const std::shared_ptr<Session>& session, const SubscriptionLink::Config& config,
               const std::shared_ptr<Connection>& connection, std::shared_ptr<ConsumerEvents> events,
               SubscriptionLink::Opened opened) {
  const SubscriptionLink link{connection, connection->next_id()};
  const auto request = connection->next_id();
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::SUBSCRIBE);
  fill(*command.mutable_subscribe(), config);
  command.mutable_subscribe()->set_consumer_id(link.id);
  command.mutable_subscribe()->set_request_id(request);
  connection->add_consumer(link.id, std::move(events));
  connection->request(
      command, request, "cannot subscribe to " + config.topic + " as " + config.subscription,
      [session, link, name = orphan_name(config), exclusive = config.sharing == Sharing::exclusive,
       opened = std::move(opened)](const Error* error, const proto::BaseCommand&) mutable {
        if (error == nullptr) return opened(nullptr, link);
        link.connection->remove_consumer(link.id);
        if (error->code() == ErrorCode::timeout) {
          // The broker may make it yet.
          if (exclusive) session->note_orphan(name);
          link.close([](const Error*) {});
        }
        const Error told = session->judged(*error, name);
        opened(&told, {});
      });
}

}  // namespace

void SubscriptionLink::open(const std::shared_ptr<Session>& session, const Config& config,
                            std::shared_ptr<ConsumerEvents> events, Opened opened) {
  session->lookup(config.topic, [session, config, events = std::move(events), opened = std::move(opened)](
                                    const Error* error, const std::shared_ptr<Connection>& found) mutable {
    if (error != nullptr) return opened(error, {});
    subscribe(session, config, found, std::move(events), std::move(opened));
  });
}

void SubscriptionLink::flow(std::size_t permits) const {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::FLOW);
  command.mutable_flow()->set_consumer_id(id);
  command.mutable_flow()->set_messagepermits(static_cast<std::uint32_t>(permits));
  connection->send(command);
}

void SubscriptionLink::redeliver() const {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::REDELIVER_UNACKNOWLEDGED_MESSAGES);
  command.mutable_redeliverunacknowledgedmessages()->set_consumer_id(id);
  connection->send(command);
}

void SubscriptionLink::unsubscribe(Completion done) const {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::UNSUBSCRIBE);
  const auto request = connection->next_id();
  command.mutable_unsubscribe()->set_consumer_id(id);
  command.mutable_unsubscribe()->set_request_id(request);
  connection->request(
      command, request, "cannot unsubscribe",
      [done = std::move(done)](const Error* error, const proto::BaseCommand&) mutable { done(error); });
}

void SubscriptionLink::close(Completion done) const {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::CLOSE_CONSUMER);
  const auto request = connection->next_id();
  command.mutable_close_consumer()->set_consumer_id(id);
  command.mutable_close_consumer()->set_request_id(request);
  connection->request(
      command, request, "cannot close a consumer",
      [link = *this, done = std::move(done)](const Error*, const proto::BaseCommand&) mutable {
        link.connection->remove_consumer(link.id);
        done(nullptr);
      });
}

}  // namespace omnibus::pulsar
