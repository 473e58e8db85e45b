#pragma once

#include <set>
#include <string>
#include <utility>

#include "backends/pulsar/session.hpp"
#include "backends/pulsar/topic_producer.hpp"

namespace omnibus::pulsar {

/// What takes part in a transaction.
struct Participants {
  std::set<std::string> topics;
  std::set<std::pair<std::string, std::string>> subscriptions;  ///< topic and name
};

/// Ends a transaction that did not happen at each participant. The coordinator does that when it ends one,
/// but what reaches a topic after that stays open: broker 4.0.8 keeps an acknowledgement's message away, and
/// what lies behind a message unread, for ever. Harmless where nothing is open. Brokers with authorization
/// take it from superusers only; a refusal is logged. Threads: the loop's. Source: Pulsar's PulsarApi.proto,
/// CommandEndTxnOnPartition and CommandEndTxnOnSubscription.
void abort_leftovers(const std::shared_ptr<Session>& session, const TransactionId& id,
                     const Participants& participants);

}  // namespace omnibus::pulsar
