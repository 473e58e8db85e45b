#include "backends/pulsar/features.hpp"

namespace omnibus::pulsar {

driver::Features features(bool batching) {
  using driver::Feature;
  using driver::Support;
  driver::Features features;
  for (const auto feature :
       {Feature::at_least_once, Feature::exclusive, Feature::failover, Feature::earliest,
        Feature::negative_acknowledge, Feature::confirmed_ack, Feature::selective_ack,
        Feature::ack_after_reconnect, Feature::large_messages, Feature::subscriptions_api,
        Feature::authentication, Feature::encryption, Feature::link_loss, Feature::namespaces}) {
    features.set(feature, Support::native);
  }
  features.set(Feature::best_effort, Support::weaker,
               "non-persistent topics: what the broker drops for a slow connection is counted by gaps in the "
               "producers' numbers");
  features.set(Feature::send_deduplication, Support::native,
               "where the broker or the namespace has deduplication switched on");
  features.set(
      Feature::history, Support::weaker,
      "retention and quotas are policies of the namespace, kept by the broker in steps of minutes and of "
      "its ledgers");
  features.set(Feature::ephemeral, Support::weaker,
               "one with an expiry is removed by the process that used it last; when that dies, by the "
               "namespace's subscription expiration");
  features.set(Feature::attempts, Support::weaker,
               "counted by the broker's memory for shared subscriptions, by the consumer for the others");
  features.set(Feature::ack_timeout, Support::emulated,
               "the consumer gives back what was not acknowledged in time");
  features.set(Feature::statistics, Support::weaker,
               "from the administration interface; a batch counts as one message, redeliveries "
               "count since this process connected");
  features.set(Feature::transactions, Support::native,
               "where the brokers have the transaction coordinator switched on; messages of one frame");
  features.set(Feature::delayed_send, Support::missing, "not built yet");
  features.set(Feature::ordered_keys, Support::missing, "not built yet: Pulsar's key-shared subscriptions");
  features.set(Feature::no_subscription_error, Support::missing,
               "what nobody subscribes to is kept within retention instead");
  features.set(Feature::inline_delivery, Support::missing, "the broker is between sender and handler");
  if (batching) {
    features.set(Feature::shared, Support::weaker, "a batch goes to one consumer as a whole");
    features.set(
        Feature::durable, Support::weaker,
        "what is acknowledged of a batch that is not acknowledged as a whole may come again after a restart "
        "of the broker");
  } else {
    features.set(Feature::shared, Support::native).set(Feature::durable, Support::native);
  }
  features.max_message_size = 100u << 20;
  return features;
}

}  // namespace omnibus::pulsar
