#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/producer.hpp>

#include "services/rpc/request_error.hpp"

namespace omnibus::rpc {

struct ServerSettings {
  std::string id;    ///< processor; names the subscription and labels metrics
  std::string name;  ///< "librarian": metrics are those of `librarian-request` and `librarian-response`
  QueueName request, response;
  int concurrency = 1;  ///< most requests in work at once
};

/// Names one delivery of a request and all that repeat it; empty when nothing tells them apart.
template <Schema T>
std::string identity(const Message<T>& message) {
  const auto id = message.properties().value_or("id", "");
  if (id.empty()) return {};
  return id + ' ' + message.id() + '@' + std::to_string(message.publish_time().time_since_epoch().count());
}

/// The way back to who asked: answers carry the request's property `id`, `unknown` when it has none.
/// Threads: any.
template <Schema Response>
class Reply {
 public:
  Reply(framework::Producer<Response>& answers, Properties properties)
      : answers_(&answers), properties_(std::move(properties)) {}

  /// Returns when the broker has it. Errors: as framework::Producer::send.
  void send(const Response& response) const { answers_->send(response, properties_); }
  void send_async(const Response& response, Completion done) const {
    answers_->send_async(response, properties_, std::move(done));
  }

 private:
  framework::Producer<Response>* answers_;
  Properties properties_;
};

/// Takes requests from one queue and answers them on another. A request is acknowledged when its handler has
/// returned, so handlers return after the last answer is with the broker.
/// Threads: start and stop from one thread at a time; the handler runs on the Bus's pool, `concurrency` at
/// once.
template <Schema Request, Schema Response>
class Server {
 public:
  /// What it throws makes the request come again, except answers that no message can hold: those become
  /// `refuse`'s.
  using Handler = std::function<void(const Message<Request>&, const Reply<Response>&)>;
  using Refuse = std::function<Response(std::string_view reason)>;

  /// Handlers keep what `handler` and `refuse` own alive, should one outlast the time that a stop has.
  Server(const Bus& bus, const ServerSettings& settings, Handler handler, Refuse refuse)
      : parts_(std::make_shared<Parts>(bus, settings, std::move(handler), std::move(refuse))),
        calls_(bus,
               framework::ConsumerSettings{.id = settings.id,
                                           .name = settings.name + "-request",
                                           .queue = settings.request,
                                           .subscription = settings.id,
                                           .concurrency = settings.concurrency},
               framework::Handler<Request>(
                   [parts = parts_](const Message<Request>& request, const framework::Context&) {
                     parts->serve(request);
                   })) {}

  void start() {
    parts_->answers.connect();
    calls_.start();
  }
  void stop(Duration timeout) noexcept {
    const auto deadline = deadline_after(timeout);
    calls_.stop(timeout);
    parts_->answers.stop(std::max<Duration>(deadline - Clock::now(), Duration::zero()));
  }
  bool running() const noexcept { return calls_.running(); }

 private:
  struct Parts {
    Parts(const Bus& bus, const ServerSettings& settings, Handler handle, Refuse refusal)
        : answers(bus, settings.id, "None", settings.name + "-response", settings.response),
          handler(std::move(handle)),
          refuse(std::move(refusal)) {}

    void serve(const Message<Request>& request) {
      const Reply<Response> reply(answers, {{"id", request.properties().value_or("id", "unknown")}});
      try {
        handler(request, reply);
      } catch (const Error& error) {
        if (!never_fits(error)) throw;
        reply.send(refuse(error.what()));
      }
    }

    framework::Producer<Response> answers;
    const Handler handler;
    const Refuse refuse;
  };

  const std::shared_ptr<Parts> parts_;
  framework::Consumer<Request> calls_;
};

}  // namespace omnibus::rpc
