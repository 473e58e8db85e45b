#include "backends/pulsar/leftovers.hpp"

#include <omnibus/log.hpp>

namespace omnibus::pulsar {
namespace {

/// Sends a command to the broker that has the topic. It follows what was sent there before.
void tell(const std::shared_ptr<Session>& session, const std::string& topic,
          UniqueFunction<std::uint64_t(proto::BaseCommand&, Connection&)> fill) {
  session->lookup(topic, [topic, fill = std::move(fill)](
                             const Error* error, const std::shared_ptr<Connection>& connection) mutable {
    const auto complain = [topic](const Error& why) {
      log::write(log::Level::warning, "a transaction that did not happen may hold messages of " + topic +
                                          " back until the topic is unloaded: " + why.what());
    };
    if (error != nullptr) return complain(*error);
    proto::BaseCommand command;
    const auto request = fill(command, *connection);
    connection->request(command, request, "cannot end a transaction there",
                        [complain](const Error* refused, const proto::BaseCommand&) {
                          if (refused != nullptr) complain(*refused);
                        });
  });
}

template <class End>
std::uint64_t prepare(End& end, const TransactionId& id, Connection& connection) {
  const auto request = connection.next_id();
  end.set_request_id(request);
  end.set_txnid_most_bits(id.most);
  end.set_txnid_least_bits(id.least);
  end.set_txn_action(proto::ABORT);
  end.set_txnid_least_bits_of_low_watermark(0);  // nothing is known of others
  return request;
}

}  // namespace

void abort_leftovers(const std::shared_ptr<Session>& session, const TransactionId& id,
                     const Participants& participants) {
  for (const auto& topic : participants.topics) {
    tell(session, topic, [topic, id](proto::BaseCommand& command, Connection& connection) {
      command.set_type(proto::BaseCommand::END_TXN_ON_PARTITION);
      auto& end = *command.mutable_endtxnonpartition();
      end.set_topic(topic);
      return prepare(end, id, connection);
    });
  }
  for (const auto& [topic, subscription] : participants.subscriptions) {
    tell(session, topic,
         [topic = topic, name = subscription, id](proto::BaseCommand& command, Connection& connection) {
           command.set_type(proto::BaseCommand::END_TXN_ON_SUBSCRIPTION);
           auto& end = *command.mutable_endtxnonsubscription();
           end.mutable_subscription()->set_topic(topic);
           end.mutable_subscription()->set_subscription(name);
           return prepare(end, id, connection);
         });
  }
}

}  // namespace omnibus::pulsar
