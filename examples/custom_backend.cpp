// A backend of your own: best effort, one consumer. docs/writing-a-backend.md tells what a real one owes.

#include <iostream>
#include <mutex>
#include <omnibus/omnibus.hpp>

using namespace omnibus::driver;
using omnibus::Completion, omnibus::Duration, omnibus::TimePoint;

struct Wire {  // from every producer to the one consumer
  std::mutex mutex;
  std::size_t credit = 0;
  Sink* sink = nullptr;
};

struct WireProducer : Producer {
  explicit WireProducer(Wire& shared) : wire(shared) {}
  void send(std::span<SendRequest> batch) override {
    for (auto& [message, done] : batch) {
      std::unique_lock lock(wire.mutex);
      Sink* const sink = wire.credit > 0 ? wire.sink : nullptr;
      if (sink != nullptr) --wire.credit;
      lock.unlock();  // nothing above is called with a lock held
      Delivery delivery{.body = Body::from(message->payload), .attempt = 1};
      if (sink != nullptr) sink->deliver({&delivery, 1});
      done(nullptr);
    }
  }
  void flush(Completion done) override { done(nullptr); }
  void close(TimePoint, Completion done) override { done(nullptr); }
  Wire& wire;
};

struct WireConsumer : Consumer {
  explicit WireConsumer(Wire& shared) : wire(shared) {}
  void request(std::size_t credit) override { (std::lock_guard(wire.mutex), wire.credit += credit); }
  void acknowledge(std::span<const AckId>, Completion done) override { done(nullptr); }
  void negative_acknowledge(std::span<const AckId>, Duration, Completion done) override { done(nullptr); }
  void unsubscribe(Completion done) override { done(nullptr); }
  void close(TimePoint, Completion done) override { (set_sink(nullptr), done(nullptr)); }
  void set_sink(Sink* sink) { (std::lock_guard(wire.mutex), wire.sink = sink); }
  Wire& wire;
};

struct WireBackend : Backend {
  WireBackend() {
    abilities.set(Feature::best_effort, Support::native).set(Feature::shared, Support::native);
  }
  std::string_view name() const noexcept override { return "wire"; }
  const Features& features() const noexcept override { return abilities; }
  void create_producer(const ProducerConfig&, Result<std::unique_ptr<Producer>> done) override {
    done(nullptr, std::make_unique<WireProducer>(wire));
  }
  void create_consumer(const ConsumerConfig&, Sink& sink, Result<std::unique_ptr<Consumer>> done) override {
    auto consumer = std::make_unique<WireConsumer>(wire);
    consumer->set_sink(&sink);
    done(nullptr, std::move(consumer));
  }
  void close(TimePoint, Completion done) override { done(nullptr); }
  Features abilities;
  Wire wire;
};

int main() {
  auto bus = omnibus::connect_with([](auto&, auto&) { return std::make_unique<WireBackend>(); }, "wire://");
  const auto queue = omnibus::topic("example", omnibus::Qos::best_effort);
  auto inbox = bus.create_consumer<omnibus::Raw>(queue, "reader");
  bus.create_producer<omnibus::Raw>(queue).send({"through a backend of my own"});
  std::cout << inbox.receive()->bytes << '\n';
}
