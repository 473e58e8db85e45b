#include "backends/mqtt/producer.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "backends/mqtt/reason.hpp"
#include "backends/mqtt/topic.hpp"
#include "core/text.hpp"

namespace omnibus::mqtt {

struct ProducerHandle::Shared : SessionEvents, std::enable_shared_from_this<ProducerHandle::Shared> {
  Shared(std::shared_ptr<Context> owner, const driver::ProducerConfig& config)
      : context(std::move(owner)),
        topic(topic_of(config.queue)),
        name(config.name + "\n" + topic),
        qos(static_cast<std::uint8_t>(config.queue.qos)),
        close_timer(context->loop) {}

  void on_publish(const Publish&) override {}
  void on_lost(const Error&) override {}  // what is sent says it

  void push(std::span<driver::SendRequest> batch);
  void drain();
  void confirmed();
  void close(TimePoint deadline, Completion done);
  void finish_close();

  const std::shared_ptr<Context> context;
  const std::string topic, name;
  const std::uint8_t qos;
  std::mutex mutex;  ///< guards `inbox` and `posted`
  std::vector<driver::SendRequest> inbox;
  bool posted = false;  ///< the loop was told
  // Of the loop:
  std::vector<driver::SendRequest> draining;
  std::shared_ptr<Session> session;
  bool own = false;  ///< the session is this producer's
  std::size_t unconfirmed = 0;
  std::vector<Completion> flushes;
  Completion closed_done;
  bool closed = false;
  wire::Timer close_timer;
};

void ProducerHandle::Shared::push(std::span<driver::SendRequest> batch) {
  bool tell = false;
  {
    const std::lock_guard lock(mutex);
    for (auto& request : batch) inbox.push_back(std::move(request));
    tell = !std::exchange(posted, true);
  }
  if (tell) context->loop.post([self = shared_from_this()] { self->drain(); });
}

void ProducerHandle::Shared::drain() {
  {
    const std::lock_guard lock(mutex);
    draining.swap(inbox);
    posted = false;
  }
  const auto self = shared_from_this();
  for (auto& request : draining) {
    if (closed) {
      const Error error = make_error(ErrorCode::closed, "the producer is closed", false);
      request.done(&error);
      continue;
    }
    ++unconfirmed;
    session->publish({.topic = &topic,
                      .message = request.message,
                      .qos = qos,
                      .unheard = qos == 0,
                      .sender = this,
                      .producer = &name,
                      .done = [self, done = std::move(request.done)](const Error* error) mutable {
                        done(error);
                        self->confirmed();
                      }});
  }
  draining.clear();
}

void ProducerHandle::Shared::confirmed() {
  if (--unconfirmed > 0) return;
  for (auto& done : std::exchange(flushes, {})) done(nullptr);
  if (closed) finish_close();
}

void ProducerHandle::Shared::close(TimePoint deadline, Completion done) {
  drain();
  if (std::exchange(closed, true)) return done(nullptr);
  closed_done = std::move(done);
  if (unconfirmed == 0) return finish_close();
  if (deadline == TimePoint::max()) return;
  close_timer.at(deadline, [self = shared_from_this()] {
    const Error error =
        make_error(ErrorCode::closed, "the producer was closed before the broker confirmed", false);
    self->session->drop(self.get(), error);
    self->finish_close();
  });
}

void ProducerHandle::Shared::finish_close() {
  if (!closed_done) return;
  const auto self = shared_from_this();
  close_timer.cancel();
  auto done = std::exchange(closed_done, nullptr);
  if (own && session) {
    // What the broker still has to say about QoS 2 is heard by the next of this name.
    session->close(std::nullopt, deadline_after(context->parameters.connect_timeout), [self] {});
  } else {
    context->forget_producer(session->config().connection.client_id, name);
  }
  done(nullptr);
}

void ProducerHandle::check(const driver::ProducerConfig& config) {
  if (config.extra.empty()) return;
  throw ConfigError(
      "unknown option \"" + config.extra.begin()->first + "\" for a producer of " + config.queue.str(),
      "the MQTT backend has no extra options of producers");
}

void ProducerHandle::open(const std::shared_ptr<Context>& context, const std::shared_ptr<Trunk>& trunk,
                          const driver::ProducerConfig& config,
                          driver::Result<std::unique_ptr<driver::Producer>> done) {
  const auto shared = std::make_shared<Shared>(context, config);
  auto opened = [shared, done = std::move(done)](const Error* error,
                                                 std::shared_ptr<Session> session) mutable {
    if (error != nullptr) return done(error, nullptr);
    shared->session = std::move(session);
    done(nullptr, std::make_unique<ProducerHandle>(shared));
  };
  shared->own = config.named_by_user && config.queue.qos == Qos::exactly_once;
  if (!shared->own) return trunk->session(std::move(opened));
  const bool lasting = context->version == Version::v5 || !context->parameters.state.empty();
  const std::string client_id = context->parameters.client_id_prefix + "from-" +
                                plain(config.name).substr(0, 32) + "-" +
                                text::hex16(text::hash(shared->name));
  Session::open(context,
                {.connection = {.client_id = client_id,
                                .clean_start = context->parameters.state.empty(),
                                .session_expiry = lasting ? context->parameters.session_expiry : 0},
                 .kept = true},
                shared, std::move(opened));
}

/// The loop lets go last, for a timer goes with it.
ProducerHandle::~ProducerHandle() {
  close(TimePoint::min(), [](const Error*) {});
  const auto context = shared_->context;
  context->loop.post([last = std::move(shared_)] {});
}

void ProducerHandle::send(std::span<driver::SendRequest> batch) { shared_->push(batch); }

void ProducerHandle::flush(Completion done) {
  shared_->context->loop.post([shared = shared_, done = std::move(done)]() mutable {
    shared->drain();
    if (shared->unconfirmed == 0) return done(nullptr);
    shared->flushes.push_back(std::move(done));
  });
}

void ProducerHandle::close(TimePoint deadline, Completion done) {
  shared_->context->loop.post([shared = shared_, deadline, done = std::move(done)]() mutable {
    shared->close(deadline, std::move(done));
  });
}

}  // namespace omnibus::mqtt
