#pragma once

#include <memory>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>
#include <omnibus/framework/handler.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

namespace detail {
/// The producer without the type.
class ProducerCore {
 public:
  /// An empty name counts nothing.
  ProducerCore(Bus bus, const std::string& id, const std::string& flow, const std::string& name,
               QueueName queue, const schema::Type& type, ProducerOptions options);
  /// The same producer, whose sends belong to `transaction` when that is not null.
  ProducerCore(const ProducerCore& origin, std::shared_ptr<TransactionScope> transaction);
  ~ProducerCore();
  ProducerCore(const ProducerCore&) = delete;
  ProducerCore& operator=(const ProducerCore&) = delete;

  void connect(Duration timeout);
  void send(const void* value, const SendOptions& options);
  void send_async(const void* value, const SendOptions& options, Completion done);
  void flush(Duration timeout);
  /// Errors: ConfigError on the thread of a transactional handler, when it has not joined.
  void refuse_outside_transaction() const;
  CloseReport stop(Duration timeout) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  const std::shared_ptr<TransactionScope> transaction_ = nullptr;
  const bool joined_ = false;  // the origin stops it
};
}  // namespace detail

/// A producer with metrics, connected on first use and again after any failure.
///
/// In the transaction of a handler (ConsumerSettings::transactional): `context.in->producer<T>(name)` has
/// joined it, `producer.joined(context)` makes any other join. Sends then return, and complete, when the
/// message is in the transaction; what would fail at the broker fails the commit. From any thread until the
/// handler has ended, ClosedError later. The options of the producer do not apply, sequences are ignored,
/// connect and flush have nothing to do. On the handler's own thread a send by a producer that has not joined
/// is refused.
/// Metrics: producer_count, at the commit.
/// Threads: any.
template <Schema T>
class Producer {
 public:
  Producer(Bus bus, std::string id, std::string flow, std::string name, QueueName queue,
           ProducerOptions options = {})
      : core_(std::move(bus), std::move(id), std::move(flow), std::move(name), std::move(queue),
              schema::type_of<T>(), std::move(options)) {}
  /// For Flow and joined().
  Producer(const Producer& origin, std::shared_ptr<detail::TransactionScope> transaction)
      : core_(origin.core_, std::move(transaction)) {}

  /// The same producer in the handler's transaction; as it is where the handler has none. Does not outlive
  /// its origin's stop(), and its own stop() does nothing.
  Producer joined(const Context& context) const { return Producer(*this, context.transaction); }

  /// Connects now instead of on first use. Errors: as omnibus::Bus::create_producer, after retries up to
  /// `timeout`.
  void connect(Duration timeout = std::chrono::seconds(30)) { core_.connect(timeout); }

  /// Returns when the broker has accepted the message. Errors: as omnibus::Producer::send; ClosedError after
  /// stop(); ConfigError in a transactional handler that it has not joined.
  void send(const T& value, const Properties& properties = {}) {
    send_with(value, {.properties = properties});
  }
  /// The same with a key, a delay, a sequence.
  void send_with(const T& value, const SendOptions& options) {
    core_.refuse_outside_transaction();
    core_.send(&value, options);
  }
  /// As omnibus::Producer::send_async; the first call may wait for the connection.
  void send_async(const T& value, const Properties& properties, Completion done) {
    core_.refuse_outside_transaction();
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
