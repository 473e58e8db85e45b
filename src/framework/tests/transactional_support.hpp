#pragma once

/// A relay on the embedded backend: messages of `in` to `out` and `other`, in transactions.

#include <omnibus/framework/transaction_scope.hpp>

#include "framework/tests/support.hpp"

namespace omnibus::framework {

class TransactionalTest : public testing::Test {
 protected:
  Bus bus = connect("embedded://");
  const QueueName in = topic("in"), out = topic("out"), other = topic("other", Qos::exactly_once);
  omnibus::Consumer<Note> results = bus.create_consumer<Note>(out, "reader");
  omnibus::Consumer<Note> more = bus.create_consumer<Note>(other, "reader");
  omnibus::Producer<Note> source = bus.create_producer<Note>(in);
  Seen seen;

  static ConsumerSettings settings() {
    ConsumerSettings made;
    made.name = "input";
    made.options = quick_redelivery();
    made.rate_limit_retry = 1ms;
    made.reconnect = 1ms;
    made.transactional = true;
    return made;
  }
  /// A running flow with the consumer `input` and the producers `output` and `other`.
  template <class AnyHandler>
  std::shared_ptr<Flow> relay(AnyHandler handler, ConsumerSettings how = settings(),
                              ProcessorOptions options = {}) {
    const FlowDefinition definition{{"input", in.str()}, {"output", out.str()}, {"other", other.str()}};
    auto flow = std::make_shared<Flow>(bus, "p", "f", definition, options);
    ConsumerSpec<Note>(std::move(how), std::move(handler)).build(*flow);
    ProducerSpec<Note>("output").build(*flow);
    ProducerSpec<Note>("other").build(*flow);
    flow->start();
    return flow;
  }
  std::uint64_t backlog() { return bus.statistics(in).subscriptions.at("p--f--input").backlog; }
  bool settles() {
    return eventually([this] { return backlog() == 0; });
  }
  double ended(const char* status) {
    return counted(bus, "transaction_count", labelled("p", "f", "input"), status);
  }
  double processed(const char* status) {
    return counted(bus, "processing_count", labelled("p", "f", "input"), status);
  }
  double produced() { return counted(bus, "producer_count", labelled("p", "f", "output")); }
  /// What has come to a queue once nothing more comes.
  static std::vector<std::string> texts(omnibus::Consumer<Note>& from) {
    std::vector<std::string> all;
    while (const auto message = from.poll(50ms)) all.push_back(message->value().text);
    return all;
  }
  static void send(const Context& context, const std::string& text) {
    context.in->producer<Note>("output").send({text});
  }
};

}  // namespace omnibus::framework
