#include "backends/pulsar/producer.hpp"

#include <utility>

#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/gather.hpp"
#include "backends/pulsar/topic.hpp"

namespace omnibus::pulsar {

struct ProducerHandle::Shared : std::enable_shared_from_this<ProducerHandle::Shared> {
  explicit Shared(std::shared_ptr<Session> owner) : session(std::move(owner)), loop(session->loop()) {}

  void open(const TopicProducer::Config& config, std::size_t partitions, Completion done);
  void drain();
  TopicProducer& part_for(const driver::Outgoing& message) {
    if (parts.size() == 1) return *parts.front();
    return *parts[message.key.empty() ? home : partition_for(message.key, parts.size())];
  }

  const std::shared_ptr<Session> session;
  wire::Loop& loop;
  std::mutex mutex;  ///< guards what follows
  std::vector<driver::SendRequest> inbox;
  // Of the loop:
  std::vector<driver::SendRequest> draining;
  std::vector<std::shared_ptr<TopicProducer>> parts;
  std::size_t home = 0;  ///< the partition of messages without a key
};

void ProducerHandle::Shared::open(const TopicProducer::Config& config, std::size_t partitions,
                                  Completion done) {
  const std::size_t count = partitions == 0 ? 1 : partitions;
  parts.resize(count);
  home = partition_for(config.name, count);
  Gather all(count, std::move(done));
  for (std::size_t i = 0; i < count; ++i) {
    auto part = config;
    if (partitions > 0) part.topic = partition_of(config.topic, i);
    TopicProducer::open(session, std::move(part),
                        [self = shared_from_this(), i, opened = all.part()](
                            const Error* error, std::shared_ptr<TopicProducer> producer) mutable {
                          self->parts[i] = std::move(producer);
                          opened(error);
                        });
  }
}

void ProducerHandle::Shared::drain() {
  {
    const std::lock_guard lock(mutex);
    draining.swap(inbox);
  }
  for (auto& request : draining) part_for(*request.message).send({request.message, std::move(request.done)});
  draining.clear();
  for (auto& part : parts) part->pump();
}

TopicProducer::Config ProducerHandle::parse(const driver::ProducerConfig& config, bool batching) {
  TopicProducer::Config parsed{.topic = topic_of(config.queue),
                               .name = config.name,
                               .best_effort = config.queue.qos == Qos::best_effort,
                               .batching = batching};
  for (const auto& [key, value] : config.extra) {
    if (key == "compression") {
      parsed.compression = parse_compression(key, value);
    } else if (key == "batching") {
      parsed.batching = parse_switch(key, value);
    } else {
      throw ConfigError("unknown option \"" + key + "\" for a producer of " + config.queue.str(),
                        "known are compression (none, lz4, zlib, zstd, snappy) and batching (on, off)");
    }
  }
  return parsed;
}

void ProducerHandle::open(const std::shared_ptr<Session>& session, const driver::ProducerConfig& config,
                          driver::Result<std::unique_ptr<driver::Producer>> done) {
  const auto shared = std::make_shared<Shared>(session);
  auto parsed = parse(config, session->parameters().batching);
  const auto topic = parsed.topic;
  session->partitions(topic, [shared, parsed = std::move(parsed), done = std::move(done)](
                                 const Error* error, std::size_t partitions) mutable {
    if (error != nullptr) return done(error, nullptr);
    shared->open(parsed, partitions, [shared, done = std::move(done)](const Error* failed) mutable {
      if (failed == nullptr) return done(nullptr, std::make_unique<ProducerHandle>(shared));
      for (auto& part : shared->parts) {
        if (part) part->close(Clock::now(), [](const Error*) {});
      }
      done(failed, nullptr);
    });
  });
}

ProducerHandle::~ProducerHandle() {
  close(TimePoint::min(), [](const Error*) {});
}

void ProducerHandle::send(std::span<driver::SendRequest> batch) {
  bool first = false;
  {
    const std::lock_guard lock(shared_->mutex);
    first = shared_->inbox.empty();
    for (auto& request : batch) shared_->inbox.push_back(std::move(request));
  }
  if (first) shared_->loop.post([shared = shared_] { shared->drain(); });
}

void ProducerHandle::flush(Completion done) {
  shared_->loop.post([shared = shared_, done = std::move(done)]() mutable {
    shared->drain();
    Gather all(shared->parts.size(), std::move(done));
    for (auto& part : shared->parts) part->flush(all.part());
  });
}

void ProducerHandle::close(TimePoint deadline, Completion done) {
  shared_->loop.post([shared = shared_, deadline, done = std::move(done)]() mutable {
    shared->drain();
    Gather all(shared->parts.size(), std::move(done));
    for (auto& part : shared->parts) part->close(deadline, all.part());
  });
}

}  // namespace omnibus::pulsar
