#include "omnibus/framework/request_response.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include <omnibus/framework/unique_id.hpp>
#include <omnibus/log.hpp>

#include "framework/pending_request.hpp"

namespace omnibus::framework::detail {

struct RequestCore::Impl : RequestOwner, std::enable_shared_from_this<Impl> {
  Impl(Bus bus_in, RequestResponseSettings settings_in, const schema::Type& request,
       const schema::Type& response, Decode decode)
      : settings(std::move(settings_in)),
        bus(std::move(bus_in)),
        producer(bus, settings.id, settings.flow, settings.name, settings.request, request,
                 {.block_when_full = false, .fail_fast = true}),
        subscriber(bus,
                   {.id = settings.id,
                    .flow = settings.flow,
                    .name = settings.name,
                    .queue = settings.response,
                    .subscription = reply_subscription(settings),
                    .options = settings.options,
                    .reconnect = settings.reconnect},
                   response, std::move(decode)) {}

  static std::string reply_subscription(const RequestResponseSettings& settings) {
    if (!settings.subscription.empty()) return settings.subscription;
    return derived_name(settings.id + "--" + settings.flow + "--" + settings.name, "--" + unique_id());
  }

  void send(const std::shared_ptr<PendingRequest>& pending, const void* request) override;
  void ended(const std::shared_ptr<PendingRequest>& pending) noexcept override;
  void room() noexcept override { subscriber.resume(); }
  Bus& pool() noexcept override { return bus; }
  Duration pause() const noexcept override { return settings.reconnect; }
  const QueueName& queue() const noexcept override { return settings.request; }

  const RequestResponseSettings settings;
  Bus bus;
  ProducerCore producer;
  SubscriberCore subscriber;
  std::atomic<bool> repeatable = false;

  std::mutex mutex;                 // guards what follows
  std::condition_variable changed;  // what stop() waits for
  std::set<std::shared_ptr<PendingRequest>> pending_requests;
  bool started = false, stopped = false;
};

void RequestCore::Impl::send(const std::shared_ptr<PendingRequest>& pending, const void* request) {
  SendOptions options;
  options.properties.set("id", pending->id());
  try {
    producer.send_async(request, options, [pending](const Error* error) {
      if (error != nullptr) pending->send_failed(*error);
    });
  } catch (...) {
    pending->send_failed(to_error(std::current_exception()));
  }
}

void RequestCore::Impl::ended(const std::shared_ptr<PendingRequest>& pending) noexcept {
  subscriber.remove(pending->token());
  const std::lock_guard lock(mutex);
  pending_requests.erase(pending);
  changed.notify_all();
}

RequestCore::RequestCore(Bus bus, RequestResponseSettings settings, const schema::Type& request,
                         const schema::Type& response, Decode decode)
    : impl_(std::make_shared<Impl>(std::move(bus), std::move(settings), request, response,
                                   std::move(decode))) {}

RequestCore::~RequestCore() { stop(Duration::zero()); }

void RequestCore::start() {
  impl_->subscriber.start();
  impl_->producer.connect(impl_->bus.options().connect_timeout);
  const std::lock_guard lock(impl_->mutex);
  impl_->started = true;
}

CloseReport RequestCore::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  std::set<std::shared_ptr<PendingRequest>> left;
  {
    std::unique_lock lock(impl_->mutex);
    impl_->stopped = true;
    impl_->changed.wait_until(lock, deadline, [this] { return impl_->pending_requests.empty(); });
    left = impl_->pending_requests;
  }
  for (const auto& pending : left)
    pending->end(ClosedError("client of " + impl_->queue().str() + " was stopped"));
  const auto rest = std::max<Duration>(deadline - Clock::now(), Duration::zero());
  impl_->subscriber.stop(Duration::zero());
  auto report = impl_->producer.stop(rest);
  report.running += left.size();
  return report;
}

void RequestCore::request(const void* request, std::shared_ptr<const void> copy, Answer answer,
                          Duration timeout) {
  const auto pending =
      std::make_shared<PendingRequest>(impl_, unique_id(), std::move(answer), timeout, std::move(copy));
  std::string refusal;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopped || !impl_->started) {
      refusal = impl_->stopped ? " was stopped" : " was not started";
    } else {
      impl_->pending_requests.insert(pending);
    }
  }
  if (refusal.empty()) {
    try {
      pending->registered(impl_->subscriber.add(pending->id(), pending));
    } catch (const ClosedError&) {
      refusal = " was stopped";
    }
  }
  if (!refusal.empty()) return pending->end(ClosedError("client of " + impl_->queue().str() + refusal));
  pending->arm();
  impl_->send(pending, request);
}

void RequestCore::idempotent(bool value) noexcept { impl_->repeatable = value; }
bool RequestCore::idempotent() const noexcept { return impl_->repeatable; }

void RequestWait::finish(std::exception_ptr failure) noexcept {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  done_ = true;
  ended_.notify_all();  // under the lock: the waiter may destroy this as soon as it is free
}

void RequestWait::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return done_; });
  if (failure_) std::rethrow_exception(failure_);
}

std::exception_ptr exception_of(const Error& error) noexcept {
  try {
    error.raise();
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace omnibus::framework::detail
