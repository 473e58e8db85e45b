#pragma once

/// The untemplated insides of Producer<T> and Consumer<T>. Values pass as `void*` beside their schema::Type,
/// so that core is compiled once. Not for direct use.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <omnibus/detail/export.hpp>
#include <omnibus/driver.hpp>
#include <omnibus/error.hpp>
#include <omnibus/function.hpp>
#include <omnibus/options.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::detail {

/// A delivery on its way to the user, tagged with the link it came over.
struct Envelope {
  driver::Delivery delivery;
  std::uint64_t epoch = 0;
  std::uint64_t ticket = 0;  ///< names the delivery to the consumer that made it; 0 needs no settling
};

/// How a transaction ended, as far as is known.
enum class TransactionEnd : std::uint8_t { committed, aborted, unknown };

class ProducerHandle {
 public:
  virtual ~ProducerHandle() = default;
  virtual void send(const void* value, const SendOptions& options) = 0;
  virtual void send_async(const void* value, const SendOptions& options, Completion done) = 0;
  virtual void flush(Duration timeout) = 0;
  virtual CloseReport close(Duration timeout) noexcept = 0;
  virtual const QueueName& queue() const noexcept = 0;
};

class ConsumerHandle {
 public:
  virtual ~ConsumerHandle() = default;
  /// Waits for one message; empty on silence.
  virtual std::optional<Envelope> receive(Duration timeout) = 0;
  /// Calls `ready` once, on the executor, with the next message, or with an error (closed, or a fatal one)
  /// and an empty envelope. Several may wait; they are served in order.
  virtual void receive_async(UniqueFunction<void(const Error*, Envelope)> ready) = 0;
  /// Decodes into `*value`. False: it could not be decoded; the message was rejected (logged, counted,
  /// negatively acknowledged or dead-lettered) and the caller takes the next one.
  virtual bool decode(const Envelope& envelope, void* value) = 0;
  virtual void acknowledge(const Envelope& envelope) = 0;
  /// An empty `done`: tried again by itself as long as the broker may store it later.
  virtual void acknowledge_async(const Envelope& envelope, Completion done) = 0;
  /// Back after its back-off; at ConsumerOptions::max_attempts a copy goes to the dead letter queue instead.
  /// `reason` stands in the log and in the dead letter's properties.
  virtual void negative_acknowledge(const Envelope& envelope, std::string_view reason) = 0;
  virtual void negative_acknowledge_async(const Envelope& envelope, std::string_view reason,
                                          Completion done) = 0;
  virtual void unsubscribe() = 0;
  virtual CloseReport close(Duration timeout) noexcept = 0;
  virtual const QueueName& queue() const noexcept = 0;
  virtual const std::string& subscription() const noexcept = 0;

  /// Ends a settling that joined a transaction: once, after the transaction.
  using EndSettling = UniqueFunction<void(TransactionEnd)>;
  /// Makes the acknowledgement a part of the transaction. Errors: stale_ack, closed, unavailable.
  virtual EndSettling acknowledge_in(driver::Transaction& transaction, const Envelope& envelope) = 0;
};

/// A value and the user's handler for it. Threads: one caller at a time.
class InlineCall {
 public:
  virtual ~InlineCall() = default;
  /// Where the next message is decoded into, empty.
  virtual void* value() = 0;
  virtual void run(const driver::InlineMessage& message) = 0;
};
/// One for each call that runs at the same time. Threads: any.
using MakeInlineCall = std::function<std::unique_ptr<InlineCall>()>;

class InlineConsumerHandle {
 public:
  virtual ~InlineConsumerHandle() = default;
  virtual CloseReport close(Duration timeout) noexcept = 0;
  virtual const QueueName& queue() const noexcept = 0;
};

/// A transaction without the types. Threads: one caller at a time.
class TransactionHandle {
 public:
  virtual ~TransactionHandle() = default;
  virtual void send(const QueueName& queue, const schema::Type& type, const void* value,
                    const SendOptions& options) = 0;
  virtual void acknowledge(ConsumerHandle& consumer, const Envelope& envelope) = 0;
  virtual void commit(Duration timeout) = 0;
  virtual void abort() noexcept = 0;
};

}  // namespace omnibus::detail
OMNIBUS_EXPORT_END
