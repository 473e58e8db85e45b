#include "services/triples/store_service.hpp"

#include "services/flags/at_least.hpp"
#include "services/triples/batcher.hpp"
#include "services/triples/flags.hpp"

namespace omnibus::triples {
namespace {

using catalogue::Triples;

/// How long a message waits while the store cannot be written.
constexpr auto store_again = std::chrono::seconds(2);

framework::ConsumerSettings input_of(const Settings& settings) {
  framework::ConsumerSettings input;
  input.name = "input";
  input.concurrency = flags::at_least(1, settings, "triples-batch");
  input.rate_limit_retry = store_again;
  input.options.max_attempts = static_cast<std::uint32_t>(flags::at_least(0, settings, "triples-attempts"));
  return input;
}

}  // namespace

TriplesStoreService::TriplesStoreService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)),
      batcher_(std::make_shared<Batcher>(
          this->bus(), id(), std::make_shared<Writer>(store_file(this->settings())),
          static_cast<std::size_t>(flags::at_least(1, this->settings(), "triples-batch")))) {
  on_config([batcher = batcher_](const framework::Configuration& configuration, std::int64_t version) {
    batcher->follow(version, collections_of(configuration));
  });
  add<framework::ConsumerSpec<Triples>>(
      input_of(this->settings()),
      framework::AsyncHandler<Triples>([batcher = batcher_](const Message<Triples>& message,
                                                            const framework::Context& context,
                                                            framework::HandlerDone done) {
        batcher->store(message.value(), context, std::move(done));
      }));
}

TriplesStoreService::~TriplesStoreService() { TriplesStoreService::stop(); }

void TriplesStoreService::stop() {
  batcher_->leave();
  FlowProcessor::stop();
  batcher_->close();
}

std::string TriplesStoreService::ready() const {
  auto reason = FlowProcessor::ready();
  return reason.empty() ? batcher_->trouble() : reason;
}

Flags TriplesStoreService::flags(Flags flags) {
  return store_flag(FlowProcessor::flags(std::move(flags)))
      .integer("triples-batch", "most messages in one transaction", 32)
      .integer("triples-attempts",
               "attempts at a message that is malformed or of an unknown collection, before it goes to the "
               "dead letter queue; 0: for ever",
               10);
}

}  // namespace omnibus::triples
