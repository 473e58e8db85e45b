#include "backends/embedded/tests/small_store.hpp"

#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/tests/closing_consumer.hpp"

namespace omnibus::embedded::test {

SmallStore::SmallStore(Options chosen) {
  LogOptions options;
  options.directory = chosen.path;
  options.durability = Durability::parse(chosen.durability);
  options.first_segment = std::size_t{64} << 10;
  options.max_segment = largest_segment;
  options.report = std::move(chosen.report);
  options.step = chosen.step;
  engine_ = std::make_shared<Engine>(std::make_unique<LogJournal>(std::move(options), 24 << 10),
                                     EngineOptions{chosen.limits, std::move(chosen.now)});
  engine_->add_host(host_);
  engine_->start();
}

SmallStore::~SmallStore() {
  engine_->remove_host(host_);
  engine_->stop();
}

std::unique_ptr<driver::Producer> SmallStore::producer(const char* queue_name, std::string name) {
  const auto id = engine_->open_producer({queue(queue_name), std::move(name), true, {}});
  return std::make_unique<ProducerHandle>(engine_, host_, id, false);
}

std::unique_ptr<driver::Consumer> SmallStore::consumer(const char* queue_name, driver::Sink& sink,
                                                       std::size_t window) {
  ConsumerOptions options{.position = Position::earliest};
  options.window = window;
  const auto config = consumer_config(queue(queue_name), subscription, options);
  return std::make_unique<ClosingConsumer>(engine_, engine_->open_consumer(config, sink));
}

std::uint64_t SmallStore::backlog(const char* queue_name) {
  const auto all = engine_->statistics(queue(queue_name)).subscriptions;
  const auto found = all.find(subscription);
  return found == all.end() ? 0 : found->second.backlog;
}

}  // namespace omnibus::embedded::test
