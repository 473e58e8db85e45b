#pragma once

/// A consumer at the driver's seam that keeps what it is given.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/mqtt/tests/driven.hpp"

namespace omnibus::mqtt {

/// Threads: any.
class Inbox final : public driver::Sink {
 public:
  Inbox(driver::Backend& backend, const QueueName& queue, ConsumerOptions options = {}) {
    consumer_ = obtain<std::unique_ptr<driver::Consumer>>([&](auto done) {
      backend.create_consumer({.queue = queue, .subscription = "readers", .options = options}, *this,
                              std::move(done));
    });
    consumer_->request(options.window);
  }
  ~Inbox() override { close(); }

  driver::Consumer& consumer() { return *consumer_; }
  /// Waits for so many deliveries in all; copies of them. Errors: std::runtime_error when they do not come.
  std::vector<driver::Delivery> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return deliveries_.size() >= count; }))
      throw std::runtime_error("only " + std::to_string(deliveries_.size()) + " messages came");
    return deliveries_;
  }
  /// Why it failed, waiting for that.
  std::optional<Error> await_failure() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return failure_.has_value(); });
    return failure_;
  }
  void acknowledge(const driver::Delivery& delivery) {
    finish([&](Completion done) { consumer_->acknowledge({&delivery.ack, 1}, std::move(done)); });
  }
  void give_back(const driver::Delivery& delivery, Duration delay = Duration::zero()) {
    finish([&](Completion done) {
      consumer_->negative_acknowledge({&delivery.ack, 1}, delay, std::move(done));
    });
  }
  void close() {
    if (!consumer_) return;
    finish([&](Completion done) { consumer_->close(deadline_after(patience), std::move(done)); });
    consumer_.reset();
  }

  void deliver(std::span<driver::Delivery> batch) noexcept override {
    const std::lock_guard lock(mutex_);
    for (auto& each : batch) deliveries_.push_back(std::move(each));
    changed_.notify_all();
  }
  void dropped(std::uint64_t) noexcept override {}
  void failed(const Error& error) noexcept override {
    const std::lock_guard lock(mutex_);
    failure_ = error;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;  ///< guards the rest but the consumer
  std::condition_variable changed_;
  std::vector<driver::Delivery> deliveries_;
  std::optional<Error> failure_;
  std::unique_ptr<driver::Consumer> consumer_;
};

inline std::vector<std::string> texts(const std::vector<driver::Delivery>& deliveries) {
  std::vector<std::string> all;
  for (const auto& each : deliveries) all.emplace_back(each.body.bytes());
  return all;
}

/// Sends one message and waits for the confirmation. Errors: its own.
inline void send_one(driver::Backend& backend, const QueueName& queue, driver::Outgoing message) {
  driver::ProducerConfig config;
  config.queue = queue;
  config.name = "p";
  const auto producer = obtain<std::unique_ptr<driver::Producer>>(
      [&](auto done) { backend.create_producer(config, std::move(done)); });
  message.sequence = 1;
  finish([&](Completion done) {
    driver::SendRequest request{&message, std::move(done)};
    producer->send({&request, 1});
  });
}

inline void send_one(driver::Backend& backend, const QueueName& queue, std::string payload) {
  driver::Outgoing message;
  message.payload = std::move(payload);
  send_one(backend, queue, std::move(message));
}

/// Packet ids of this type that one client sent, in order.
inline std::vector<std::uint16_t> ids_of(const Peer::Log& log, const std::string& client, Type type) {
  std::vector<std::uint16_t> ids;
  for (const auto& each : log) {
    if (each.client == client && each.direction == Direction::from_client && each.type == type)
      ids.push_back(each.id);
  }
  return ids;
}

}  // namespace omnibus::mqtt
