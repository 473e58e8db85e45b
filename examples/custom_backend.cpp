// A backend of your own, for one producer and one consumer. What a real one owes: docs/writing-a-backend.md
#include <atomic>
#include <iostream>
#include <omnibus/omnibus.hpp>

using namespace omnibus::driver;
using omnibus::Completion, omnibus::Duration, omnibus::TimePoint, omnibus::driver::Support::native;

struct Wire {
  std::atomic<std::size_t> credit = 0;  // spent by the producer only, so it never falls below zero
  std::atomic<Sink*> sink = nullptr;
};

struct WireProducer : Producer {
  explicit WireProducer(Wire& shared) : wire(shared) {}
  void send(std::span<SendRequest> batch) override {
    for (auto& [message, done] : batch) {
      Delivery delivery{.body = Body::from(message->payload), .attempt = 1};
      Sink* const sink = wire.credit > 0 ? wire.sink.load() : nullptr;
      if (sink != nullptr) (--wire.credit, sink->deliver({&delivery, 1}));  // else dropped: best effort
      done(nullptr);
    }
  }
  void flush(Completion done) override { done(nullptr); }
  void close(TimePoint, Completion done) override { done(nullptr); }
  Wire& wire;
};

struct WireConsumer : Consumer {
  WireConsumer(Wire& shared, Sink& sink) : wire(shared) { wire.sink = &sink; }
  void request(std::size_t credit) override { wire.credit += credit; }
  void acknowledge(std::span<const AckId>, Completion done) override { done(nullptr); }
  void negative_acknowledge(std::span<const AckId>, Duration, Completion done) override { done(nullptr); }
  void unsubscribe(Completion done) override { done(nullptr); }
  void close(TimePoint, Completion done) override { (wire.sink = nullptr, done(nullptr)); }
  Wire& wire;
};

struct WireBackend : Backend {
  std::string_view name() const noexcept override { return "wire"; }
  const Features& features() const noexcept override { return can; }
  void create_producer(const ProducerConfig&, Result<std::unique_ptr<Producer>> done) override {
    done(nullptr, std::make_unique<WireProducer>(wire));
  }
  void create_consumer(const ConsumerConfig&, Sink& sink, Result<std::unique_ptr<Consumer>> done) override {
    done(nullptr, std::make_unique<WireConsumer>(wire, sink));
  }
  void close(TimePoint, Completion done) override { done(nullptr); }
  Features can = Features().set(Feature::best_effort, native).set(Feature::exclusive, native);
  Wire wire;
};

int main() {
  auto bus = omnibus::connect_with([](auto&, auto&) { return std::make_unique<WireBackend>(); }, "wire://");
  const auto queue = omnibus::topic("example", omnibus::Qos::best_effort);
  auto inbox = bus.create_consumer<omnibus::Raw>(queue, "reader", {.sharing = omnibus::Sharing::exclusive});
  bus.create_producer<omnibus::Raw>(queue).send({"through a backend of my own"});
  std::cout << inbox.receive()->bytes << '\n';
}
