#pragma once

/// Brings what a queue gets to an export socket.

#include <memory>
#include <string>
#include <utility>

#include <boost/json/serialize.hpp>

#include <omnibus/bus.hpp>
#include <omnibus/consumer.hpp>
#include <omnibus/framework/unique_id.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/server/handler.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

/// What an exporter is made from.
struct ExportPlan {
  Bus bus;
  QueueName queue;
  Reply reply;
};

/// Runs from start() until it is destroyed, which may wait for the broker.
class Exporter : public std::enable_shared_from_this<Exporter> {
 public:
  virtual ~Exporter() = default;
  virtual void start() = 0;
};

/// One message at a time: the next is taken, and the last acknowledged, when the client's socket has it.
/// Threads: the Bus's pool and the socket's strand, never both at once.
template <class Message>
class ExporterOf final : public Exporter {
 public:
  explicit ExporterOf(ExportPlan plan)
      : consumer_(plan.bus.create_consumer<Message>(
            plan.queue, "gateway-" + framework::unique_id(),
            {.position = Position::latest, .lifetime = Lifetime::ephemeral})),
        reply_(std::move(plan.reply)) {}

  void start() override {
    consumer_.receive_async([weak = this->weak_from_this()](const Error* error, Received received) {
      const auto self = std::static_pointer_cast<ExporterOf>(weak.lock());
      if (!self) return;
      if (error != nullptr) {
        self->reply_({.body = {}, .complete = false, .close = true});
      } else {
        self->send(std::make_shared<omnibus::Message<Message>>(std::move(*received)));
      }
    });
  }

 private:
  using Received = std::optional<omnibus::Message<Message>>;

  void send(const std::shared_ptr<omnibus::Message<Message>>& message) {
    Answer answer{.body = {}, .complete = false};
    try {
      answer.body = boost::json::serialize(write_keys(message->value()));
    } catch (const TranslationError& error) {
      log::write(log::Level::warning, "gateway: a message of " + consumer_.queue().str() +
                                          " was not exported: " + error.message());
      return settle(*message);
    }
    answer.written = [weak = this->weak_from_this(), message] {
      if (const auto self = std::static_pointer_cast<ExporterOf>(weak.lock())) self->settle(*message);
    };
    reply_(std::move(answer));
  }
  void settle(const omnibus::Message<Message>& message) {
    consumer_.acknowledge_async(message);
    start();
  }

  Consumer<Message> consumer_;
  const Reply reply_;
};

}  // namespace omnibus::gateway
