#pragma once

#include <memory>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

namespace detail {
/// The producer without the type.
class ProducerCore {
 public:
  /// An empty name counts nothing.
  ProducerCore(Bus bus, const std::string& id, const std::string& flow, const std::string& name,
               QueueName queue, const schema::Type& type, ProducerOptions options);
  ~ProducerCore();
  ProducerCore(const ProducerCore&) = delete;
  ProducerCore& operator=(const ProducerCore&) = delete;

  void connect(Duration timeout);
  void send(const void* value, const SendOptions& options);
  void send_async(const void* value, const SendOptions& options, Completion done);
  void flush(Duration timeout);
  CloseReport stop(Duration timeout) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};
}  // namespace detail

/// A producer with metrics, connected on first use and again after any failure.
/// Metrics: producer_count.
/// Threads: any.
template <Schema T>
class Producer {
 public:
  Producer(Bus bus, std::string id, std::string flow, std::string name, QueueName queue,
           ProducerOptions options = {})
      : core_(std::move(bus), std::move(id), std::move(flow), std::move(name), std::move(queue),
              schema::type_of<T>(), std::move(options)) {}

  /// Connects now instead of on first use. Errors: as omnibus::Bus::create_producer, after retries up to
  /// `timeout`.
  void connect(Duration timeout = std::chrono::seconds(30)) { core_.connect(timeout); }

  /// Returns when the broker has accepted the message. Errors: as omnibus::Producer::send; ClosedError after
  /// stop().
  void send(const T& value, const Properties& properties = {}) {
    core_.send(&value, {.properties = properties});
  }
  /// The same with a key, a delay, a sequence.
  void send_with(const T& value, const SendOptions& options) { core_.send(&value, options); }
  /// As omnibus::Producer::send_async; the first call may wait for the connection.
  void send_async(const T& value, const Properties& properties, Completion done) {
    core_.send_async(&value, {.properties = properties}, std::move(done));
  }
  /// Errors: as omnibus::Producer::flush.
  void flush(Duration timeout = std::chrono::seconds(30)) { core_.flush(timeout); }
  /// Flushes up to `timeout` and closes. Idempotent; the destructor calls it.
  CloseReport stop(Duration timeout = std::chrono::seconds(10)) noexcept { return core_.stop(timeout); }

 private:
  detail::ProducerCore core_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
