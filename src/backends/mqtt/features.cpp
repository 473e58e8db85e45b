#include "backends/mqtt/features.hpp"

#include <algorithm>

namespace omnibus::mqtt {
namespace {

/// Beside the payload a packet holds topic, properties and key, all limited.
constexpr std::size_t beside_payload = std::size_t{128} << 10;
constexpr std::size_t large = std::size_t{100} << 20;

}  // namespace

driver::Features features(const Context& context, const Terms& terms) {
  using driver::Feature;
  using driver::Support;
  const bool v5 = context.version == Version::v5;
  const bool shares = v5 && terms.shared;
  const bool presence = terms.retain && terms.wildcards;
  driver::Features features;
  for (const auto feature : {Feature::authentication, Feature::encryption, Feature::link_loss}) {
    features.set(feature, Support::native);
  }
  features.set(Feature::best_effort, Support::native, "QoS 0");
  features.set(
      Feature::at_least_once, terms.maximum_qos > 0 ? Support::native : Support::missing,
      "QoS 1; the broker's limits of queued messages must not be smaller than the backlog, or it drops");
  features.set(Feature::separate_best_effort, Support::weaker, "q0, q1 and q2 of one name are one topic");
  features.set(Feature::send_deduplication,
               terms.maximum_qos < 2              ? Support::missing
               : context.parameters.state.empty() ? Support::weaker
                                                  : Support::native,
               "QoS 2, once per hop; across restarts of the sender with state= in the URL");
  features.set(Feature::durable, Support::native, "where the broker has persistence switched on");
  features.set(
      Feature::exclusive, presence ? Support::emulated : Support::weaker,
      presence ? "holders are told by retained messages; for those without expiry only within a connection"
               : "within a connection only: the broker has no retained messages");
  features.set(Feature::failover, presence ? Support::emulated : Support::missing,
               "holders are told by retained messages");
  features.set(
      Feature::shared, Support::weaker,
      shares ? "between processes the broker deals messages out in turn, and what one was sent waits for "
               "it; q2 is for the consumers of one process"
             : "without shared subscriptions each process sees every message");
  features.set(Feature::earliest, Support::weaker, "MQTT keeps no history: as latest");
  features.set(Feature::history, Support::missing, "MQTT keeps only what a session has subscribed to");
  features.set(Feature::ephemeral, Support::native);
  features.set(Feature::negative_acknowledge, Support::emulated,
               "by a copy on a retry topic, confirmed before the message is acknowledged");
  features.set(Feature::attempts, Support::weaker,
               "kept with what was given back; a delivery after a crash counts one more at most");
  features.set(Feature::confirmed_ack, Support::weaker, "handed to the kernel, in the order of receipt");
  features.set(Feature::selective_ack, Support::weaker,
               "the broker hears of acknowledgements in the order of receipt: when a process dies, what was "
               "acknowledged "
               "behind an unacknowledged message comes again");
  features.set(Feature::ack_after_reconnect, Support::missing,
               "what is unacknowledged comes anew over the next link");
  features.set(Feature::no_subscription_error, v5 ? Support::native : Support::missing,
               v5 ? "" : "3.1.1 does not tell: what nobody subscribes to is lost");
  features.set(Feature::subscriptions_api, presence ? Support::native : Support::weaker,
               presence ? "" : "who holds a subscription cannot be known");
  features.set(Feature::ack_timeout, Support::missing, "not built yet");
  features.set(Feature::transactions, Support::missing, "MQTT has none");
  features.set(Feature::delayed_send, Support::missing, "MQTT has none");
  features.set(Feature::ordered_keys, Support::missing, "MQTT has no keys");
  features.set(Feature::statistics, Support::missing, "brokers tell no backlogs");
  features.set(Feature::namespaces, Support::missing, "topics need not be made");
  features.set(Feature::inline_delivery, Support::missing, "the broker is between sender and handler");
  features.max_message_size = terms.maximum_packet - std::min(beside_payload, terms.maximum_packet / 2);
  features.set(Feature::large_messages,
               features.max_message_size >= large ? Support::native : Support::missing,
               "up to the broker's limit, at most 256 MiB");
  return features;
}

}  // namespace omnibus::mqtt
