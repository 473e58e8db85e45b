#include "backends/pulsar/producer.hpp"

#include <utility>

#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/schema.hpp"
#include "backends/pulsar/topic.hpp"
#include "wire/gather.hpp"

namespace omnibus::pulsar {

namespace {

constexpr Duration gather_time = std::chrono::milliseconds(1);

}  // namespace

struct ProducerHandle::Shared : std::enable_shared_from_this<ProducerHandle::Shared> {
  explicit Shared(std::shared_ptr<Session> owner)
      : session(std::move(owner)), loop(session->loop()), timer(loop) {}

  void open(const TopicProducer::Config& config, std::size_t partitions, Completion done);
  void push(std::span<driver::SendRequest> batch);
  void drain(bool now = false);
  void wait();
  TopicProducer& part_for(const driver::Outgoing& message) {
    if (parts.size() == 1) return *parts.front();
    return *parts[message.key.empty() ? home : partition_for(message.key, parts.size())];
  }

  const std::shared_ptr<Session> session;
  wire::Loop& loop;
  std::mutex mutex;  ///< guards what follows
  std::vector<driver::SendRequest> inbox;
  std::size_t inbox_bytes = 0;
  bool posted = false;   ///< the loop was told
  bool waiting = false;  ///< the loop looks by itself soon; it need only be told of a full batch
  // Of the loop:
  std::vector<driver::SendRequest> draining;
  std::vector<std::shared_ptr<TopicProducer>> parts;
  std::size_t home = 0;  ///< the partition of messages without a key
  wire::Timer timer;     ///< ends the wait for more
  bool timer_set = false;
};

void ProducerHandle::Shared::open(const TopicProducer::Config& config, std::size_t partitions,
                                  Completion done) {
  const std::size_t count = partitions == 0 ? 1 : partitions;
  parts.resize(count);
  home = partition_for(config.name, count);
  wire::Gather all(count, std::move(done));
  for (std::size_t i = 0; i < count; ++i) {
    auto part = config;
    if (partitions > 0) part.topic = partition_of(config.topic, i);
    TopicProducer::open(session, std::move(part),
                        [self = shared_from_this(), i, opened = all.part()](
                            const Error* error, std::shared_ptr<TopicProducer> producer) mutable {
                          if (producer) {
                            producer->on_progress([weak = self->weak_from_this()] {
                              if (const auto owner = weak.lock()) owner->drain();
                            });
                          }
                          self->parts[i] = std::move(producer);
                          opened(error);
                        });
  }
}

void ProducerHandle::Shared::push(std::span<driver::SendRequest> batch) {
  bool tell = false;
  {
    const std::lock_guard lock(mutex);
    for (auto& request : batch) {
      inbox_bytes += request.message->payload.size();
      inbox.push_back(std::move(request));
    }
    const bool full =
        inbox.size() >= TopicProducer::batch_messages || inbox_bytes >= TopicProducer::batch_bytes;
    tell = !posted && (!waiting || full);
    posted = posted || tell;
  }
  if (tell) loop.post([self = shared_from_this()] { self->drain(); });
}

/// Hands what came to the partitions' producers and lets them write; what may still grow only `now`.
void ProducerHandle::Shared::drain(bool now) {
  {
    const std::lock_guard lock(mutex);
    draining.swap(inbox);
    inbox_bytes = 0;
    posted = waiting = false;
  }
  const bool idle = draining.empty();
  for (auto& request : draining) part_for(*request.message).send({request.message, std::move(request.done)});
  draining.clear();
  for (auto& part : parts) part->pump(now);
  if (!(now && idle)) wait();
}

/// While every partition gathers, senders need not wake the loop: receipts and the timer do.
void ProducerHandle::Shared::wait() {
  for (const auto& part : parts) {
    if (!part->gathers()) return;
  }
  if (!std::exchange(timer_set, true)) {
    timer.after(gather_time, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->timer_set = false;
      self->drain(true);
    });
  }
  const std::lock_guard lock(mutex);
  waiting = true;
}

TopicProducer::Config ProducerHandle::parse(const driver::ProducerConfig& config,
                                            const Parameters& defaults) {
  TopicProducer::Config parsed{.topic = topic_of(config.queue),
                               .name = config.name,
                               .best_effort = config.queue.qos == Qos::best_effort,
                               .batching = defaults.batching};
  const bool structured = config.type != nullptr && config.type->kind == schema::Kind::structure;
  bool registers = defaults.json_schema && structured;
  for (const auto& [key, value] : config.extra) {
    if (key == "compression") {
      parsed.compression = parse_compression(key, value);
    } else if (key == "batching") {
      parsed.batching = parse_switch(key, value);
    } else if (key == "schema") {
      registers = parse_schema(key, value);
    } else {
      throw ConfigError("unknown option \"" + key + "\" for a producer of " + config.queue.str(),
                        "known are compression (none, lz4, zlib, zstd, snappy), batching (on, off) and "
                        "schema (json, bytes)");
    }
  }
  if (!registers) return parsed;
  if (config.type == nullptr) throw ConfigError("there is no schema to register for bytes");
  parsed.schema_name = config.type->name;
  parsed.schema = json_schema(*config.type);
  return parsed;
}

void ProducerHandle::open(const std::shared_ptr<Session>& session, const driver::ProducerConfig& config,
                          driver::Result<std::unique_ptr<driver::Producer>> done) {
  const auto shared = std::make_shared<Shared>(session);
  auto parsed = parse(config, session->parameters());
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

/// The loop lets go last, for a timer goes with it.
ProducerHandle::~ProducerHandle() {
  close(TimePoint::min(), [](const Error*) {});
  const auto session = shared_->session;
  session->loop().post([last = std::move(shared_)] {});
}

void ProducerHandle::send(std::span<driver::SendRequest> batch) { shared_->push(batch); }

void ProducerHandle::flush(Completion done) {
  shared_->loop.post([shared = shared_, done = std::move(done)]() mutable {
    shared->drain();
    wire::Gather all(shared->parts.size(), std::move(done));
    for (auto& part : shared->parts) part->flush(all.part());
  });
}

void ProducerHandle::close(TimePoint deadline, Completion done) {
  shared_->loop.post([shared = shared_, deadline, done = std::move(done)]() mutable {
    shared->drain();
    wire::Gather all(shared->parts.size(), std::move(done));
    for (auto& part : shared->parts) part->close(deadline, all.part());
  });
}

}  // namespace omnibus::pulsar
