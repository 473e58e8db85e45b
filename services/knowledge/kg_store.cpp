#include "services/knowledge/kg_store.hpp"

#include <omnibus/framework/flow.hpp>

#include "services/knowledge/service.hpp"
#include "services/knowledge/store.hpp"

namespace omnibus::knowledge {
namespace {

using catalogue::GraphEmbeddings;
using catalogue::Triples;

/// Names a message in all of its deliveries; empty when the broker does not.
template <class T>
std::string delivery_key(const Message<T>& message, const framework::Context& context) {
  if (message.id().empty()) return {};
  return context.id + ' ' + context.in->queue(context.name).str() + ' ' + message.id() + '@' +
         std::to_string(message.publish_time().time_since_epoch().count());
}

template <class T>
framework::Handler<T> keeper(const std::shared_ptr<Store>& store) {
  return [store](const Message<T>& message, const framework::Context& context) {
    const auto key = delivery_key(message, context);
    if constexpr (std::is_same_v<T, Triples>) {
      store->put(&message.value(), nullptr, key);
    } else {
      store->put(nullptr, &message.value(), key);
    }
  };
}

}  // namespace

KgStoreService::KgStoreService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  const auto store = std::make_shared<Store>(this->settings().text("knowledge-store"));
  add<framework::ConsumerSpec<Triples>>("triples-input", keeper<Triples>(store));
  add<framework::ConsumerSpec<GraphEmbeddings>>("graph-embeddings-input", keeper<GraphEmbeddings>(store));
}

KgStoreService::~KgStoreService() { KgStoreService::stop(); }

Flags KgStoreService::flags(Flags flags) { return FlowProcessor::flags(store_flag(std::move(flags))); }

}  // namespace omnibus::knowledge
