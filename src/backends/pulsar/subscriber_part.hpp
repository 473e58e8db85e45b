#pragma once

#include "backends/pulsar/subscriber.hpp"

namespace omnibus::pulsar {

/// One partition, or the whole of a plain topic.
class Subscriber::Part final : public ConsumerEvents {
 public:
  Part(std::weak_ptr<Subscriber> subscriber, std::uint32_t position, std::string name)
      : number(position), topic(std::move(name)), owner_(std::move(subscriber)) {}

  void on_message(const proto::CommandMessage& command, const Frame::Message& message) override {
    if (const auto owner = owner_.lock()) owner->on_message(*this, command, message);
  }
  void on_lost(const Error& error) override {
    if (const auto owner = owner_.lock()) owner->on_lost(error);
  }

  const std::uint32_t number;
  const std::string topic;
  SubscriptionLink link;
  std::int64_t permits = 0;  ///< what the broker may still send; below zero after a large batch
  ChunkAssembly chunks;

 private:
  const std::weak_ptr<Subscriber> owner_;
};

}  // namespace omnibus::pulsar
