#include "backends/embedded/features.hpp"

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

driver::Features features(bool durable) {
  using driver::Feature;
  using driver::Support;
  driver::Features features;
  for (const auto feature : {Feature::best_effort,
                             Feature::at_least_once,
                             Feature::send_deduplication,
                             Feature::shared,
                             Feature::exclusive,
                             Feature::failover,
                             Feature::earliest,
                             Feature::history,
                             Feature::ephemeral,
                             Feature::negative_acknowledge,
                             Feature::delayed_send,
                             Feature::ordered_keys,
                             Feature::attempts,
                             Feature::confirmed_ack,
                             Feature::separate_best_effort,
                             Feature::selective_ack,
                             Feature::ack_after_reconnect,
                             Feature::ack_timeout,
                             Feature::large_messages,
                             Feature::subscriptions_api,
                             Feature::statistics,
                             Feature::transactions}) {
    features.set(feature, Support::native);
  }
  if (durable) {
    features.set(Feature::durable, Support::native);
    features.set(Feature::inline_delivery, Support::missing,
                 "senders may be other processes; embedded:// has it");
  } else {
    features.set(Feature::inline_delivery, Support::native);
    features.set(Feature::durable, Support::missing,
                 "embedded:// lives in this process and ends with it; embedded:///path is durable");
  }
  features.set(Feature::no_subscription_error, Support::missing,
               "what nobody subscribes to is kept within retention instead");
  features.set(Feature::authentication, Support::missing, "no object: access is the directory's permissions");
  features.set(Feature::encryption, Support::missing, "no object: nothing leaves the machine");
  features.set(Feature::link_loss, Support::missing, "no object: there is no link");
  features.set(Feature::namespaces, Support::missing, "no object: tenants and namespaces are names only");
  features.max_message_size = max_message_size;
  features.in_memory = true;
  return features;
}

}  // namespace omnibus::embedded
