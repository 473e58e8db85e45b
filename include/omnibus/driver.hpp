#pragma once

/// What a backend implements. Bytes only; nothing here blocks.
///
/// Every completion runs exactly once, with success (null) or an Error, in any order, on an I/O thread or on
/// the calling thread before the call returns; the driver holds no lock then. Drivers report and classify;
/// they never retry and never reconnect: that is the job of the layer above, once for all brokers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/error.hpp>
#include <omnibus/function.hpp>
#include <omnibus/options.hpp>
#include <omnibus/properties.hpp>
#include <omnibus/queue_name.hpp>
#include <omnibus/schema/schema.hpp>
#include <omnibus/time.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::driver {

/// How a backend keeps one promise of the contract.
enum class Support : std::uint8_t { missing, weaker, emulated, native };
std::string_view to_string(Support support) noexcept;

/// The promises that differ between brokers. Tests, docs and the start-up warning read them; nothing else may
/// special-case a broker.
enum class Feature : std::uint8_t {
  best_effort,           ///< q0
  separate_best_effort,  ///< q0 of a name is another queue than its q1 and q2
  at_least_once,         ///< q1
  send_deduplication,    ///< q2 (a)
  transactions,          ///< q2 (b)
  durable,               ///< survives a restart of the broker
  shared,
  exclusive,
  failover,
  earliest,
  history,  ///< keeps messages that no subscription has asked for, within retention
  ephemeral,
  negative_acknowledge,
  delayed_send,
  ordered_keys,
  attempts,       ///< native: counted durably; weaker: per process
  confirmed_ack,  ///< native: an acknowledgement is confirmed by the broker; weaker: only written
  selective_ack,  ///< what is acknowledged stays so whatever came before it; weaker: in the order of receipt
  ack_after_reconnect,  ///< ids outlive the link
  ack_timeout,
  large_messages,  ///< 100 MiB
  no_subscription_error,
  subscriptions_api,  ///< create and remove without a consumer
  statistics,
  authentication,
  encryption,
  link_loss,        ///< there is a link that can be cut
  namespaces,       ///< tenants and namespaces have to be made before they are used, and have policies
  inline_delivery,  ///< best effort handled on the thread that sends
};
inline constexpr std::size_t feature_count = static_cast<std::size_t>(Feature::inline_delivery) + 1;
std::string_view to_string(Feature feature) noexcept;

/// Declared by each backend; what is weaker, emulated or missing says how in `note`.
class Features {
 public:
  struct Entry {
    Support support = Support::missing;
    std::string note;
  };
  const Entry& operator[](Feature feature) const noexcept {
    return entries_[static_cast<std::size_t>(feature)];
  }
  Features& set(Feature feature, Support support, std::string note = {}) {
    entries_[static_cast<std::size_t>(feature)] = {support, std::move(note)};
    return *this;
  }
  bool has(Feature feature) const noexcept { return (*this)[feature].support != Support::missing; }

  std::size_t max_message_size =
      0;  ///< bytes of payload; larger is Error{too_large} before anything is written
  /// Messages pass through memory, from one thread to the next within microseconds: a receiver that finds
  /// none lets other threads run and looks again before it sleeps. What comes over a network comes later, and
  /// more at a time to one that slept.
  bool in_memory = false;

 private:
  std::array<Entry, feature_count> entries_{};
};

/// Payload bytes and what keeps them alive: a receive buffer, a stored message or a mapped segment.
class Body {
 public:
  Body() = default;
  Body(std::shared_ptr<const void> owner, std::string_view bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  /// Takes the text over.
  static Body from(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view bytes = *owner;
    return {std::move(owner), bytes};
  }
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
};

/// Names one delivery to the driver that made it; opaque above.
struct AckId {
  std::array<std::uint64_t, 3> value{};
  friend bool operator==(const AckId&, const AckId&) = default;
};

/// One message on its way out. Owned by the caller, unchanged until the completion of its send has run.
struct Outgoing {
  std::string payload;
  Properties properties;
  std::string key;
  Duration delay = Duration::zero();
  std::uint64_t sequence =
      0;  ///< per producer name, rising; de-duplicated where Feature::send_deduplication holds
};

/// One message on its way in.
struct Delivery {
  Body body = {};
  Properties properties = {};
  std::string key = {};
  AckId ack = {};
  std::uint32_t attempt = 0;  ///< 1 for the first delivery, 0 when the broker does not tell
  SystemTime publish_time = {};
  std::string message_id = {};  ///< the broker's id as text, for logs; may be empty
};

struct SendRequest {
  const Outgoing* message;
  Completion done;
};

/// Threads: one caller at a time for send; close from any thread.
class Producer {
 public:
  virtual ~Producer() = default;
  /// Hands over messages in order. Each `done` reports when the broker has accepted (q1, q2) or taken (q0)
  /// it. Errors: too_large, no_space, unavailable, no_subscription, closed …
  virtual void send(std::span<SendRequest> batch) = 0;
  /// Sends one best-effort message and is done with it when it returns true. False: nothing has happened and
  /// send() is to be used. Called like send, where Feature::inline_delivery holds.
  virtual bool send_at_once(const Outgoing& message) {
    static_cast<void>(message);
    return false;
  }
  /// Completes when everything sent before is confirmed or failed.
  virtual void flush(Completion done) = 0;
  /// Ends it; sends still unconfirmed at `deadline` complete with ErrorCode::closed. No completion of this
  /// producer runs after `done`.
  virtual void close(TimePoint deadline, Completion done) = 0;
};

/// Takes what a consumer receives. Never blocks, runs no user code. Called without a lock held by the driver,
/// by one thread at a time, never after the consumer's close completion has run; lives longer than the
/// consumer.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Consumes one credit per element; moves from them.
  virtual void deliver(std::span<Delivery> batch) noexcept = 0;
  /// `count` messages of a best-effort queue were dropped because this consumer was slow.
  virtual void dropped(std::uint64_t count) noexcept = 0;
  /// The subscription had been removed by somebody else and was made anew with this consumer: what it held is
  /// gone, and what was sent meanwhile may be. At most once, before or after creation completes.
  virtual void recreated() noexcept {}
  /// The link or the subscription is gone; nothing is delivered after it. The layer above closes and
  /// recreates the consumer when the error is retryable.
  virtual void failed(const Error& error) noexcept = 0;
};

/// Threads: any thread for every call.
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// Permits `credit` more deliveries; accumulates.
  virtual void request(std::size_t credit) = 0;
  /// Settles deliveries for good. Idempotent. Errors: stale_ack when another consumer holds one of them now;
  /// the others are settled all the same.
  virtual void acknowledge(std::span<const AckId> ids, Completion done) = 0;
  /// Gives deliveries back; they come again after `delay`, to any consumer. Errors: as acknowledge.
  virtual void negative_acknowledge(std::span<const AckId> ids, Duration delay, Completion done) = 0;
  /// Removes the subscription with all it holds.
  virtual void unsubscribe(Completion done) = 0;
  /// Ends it; what is unacknowledged goes to other consumers. No call into the Sink after `done`.
  virtual void close(TimePoint deadline, Completion done) = 0;
};

/// A message as its sender holds it; lives as long as the call it comes with.
struct InlineMessage {
  std::string_view payload;
  const Properties& properties;
  std::string_view key;
};

/// Takes messages on the threads that send them. Threads: any, several at once.
class InlineSink {
 public:
  virtual ~InlineSink() = default;
  virtual void take(const InlineMessage& message) noexcept = 0;
};

/// Destroyed, it makes no further call into its sink; one that runs may still be running.
class InlineConsumer {
 public:
  virtual ~InlineConsumer() = default;
};

struct ProducerConfig {
  QueueName queue;
  std::string name;            ///< never empty
  bool named_by_user = false;  ///< de-duplication must hold across restarts
  Extra extra;
  const schema::Type* type = nullptr;  ///< of what is sent; null when that is only bytes to its sender
};

struct ConsumerConfig {
  QueueName queue;
  std::string subscription;
  ConsumerOptions options;  ///< window, position, sharing, lifetime, expiry, ordered_keys, ack_timeout, extra
};

template <class T>
using Result = UniqueFunction<void(const Error*, T)>;

struct SubscriptionStatistics {
  std::uint64_t backlog = 0;    ///< messages not yet acknowledged
  std::uint64_t in_flight = 0;  ///< of these, delivered
  std::uint64_t redelivered =
      0;  ///< since it was created, or since the process started (see Feature::statistics)
  std::uint64_t consumers = 0;
  Duration oldest_age = Duration::zero();
};

struct QueueStatistics {
  std::uint64_t depth = 0;  ///< messages kept
  std::uint64_t bytes = 0;
  std::map<std::string, SubscriptionStatistics> subscriptions;
};

/// A namespace to make, with policies. Those without a value are left to the broker.
struct NamespaceConfig {
  std::string tenant, space;
  /// Messages that every subscription has acknowledged are kept this long, Duration::max() for ever, within
  /// this size, the largest number without limit.
  std::optional<Duration> retention_time = std::nullopt;
  std::optional<std::uint64_t> retention_bytes = std::nullopt;
  /// Subscriptions without a consumer are removed after this time.
  std::optional<Duration> subscription_expiry = std::nullopt;
  bool deduplication = false;  ///< Feature::send_deduplication holds there
};

/// What making a namespace came to, in words for people.
struct NamespaceOutcome {
  std::vector<std::string> changes;  ///< what was made or set; empty: it was like that already
  std::vector<std::string> kept;     ///< policies that somebody had set in another way, and were left
};

/// Several sends and acknowledgements that happen together or not at all. Destroyed without either, it is as
/// if aborted. Threads: one caller at a time.
class Transaction {
 public:
  virtual ~Transaction() = default;
  /// What goes to a best-effort queue is sent when the others are committed, without their guarantee.
  /// Errors: as Producer::send.
  virtual void send(const QueueName& queue, const Outgoing& message, Completion done) = 0;
  /// `consumer` is of the same backend and outlives the transaction. Errors: stale_ack.
  virtual void acknowledge(Consumer& consumer, std::span<const AckId> ids, Completion done) = 0;
  /// After every completion of the above. Errors: stale_ack when a delivery is no longer held, too_large,
  /// no_space …: nothing has happened; unknown_outcome when the link broke at the worst moment.
  virtual void commit(Completion done) = 0;
  virtual void abort(Completion done) = 0;
};

/// Writes values of one type as payload bytes. Threads: one caller at a time.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends. Errors: EncodeError.
  virtual void encode(const void* value, std::string& out) = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Errors: DecodeError.
  virtual void decode(std::string_view bytes, void* value) = 0;
};

/// What core lends to a backend; outlives it.
class Host {
 public:
  virtual ~Host() = default;
  /// Runs `work` once on the Bus's timer thread at `when` or soon after; it must be short. Returns a token
  /// for cancel.
  virtual std::uint64_t schedule(TimePoint when, UniqueFunction<void()> work) = 0;
  /// False when it has run or is running.
  virtual bool cancel(std::uint64_t token) noexcept = 0;
};

/// How a backend is opened.
struct BackendConfig {
  std::string url;     ///< as given
  std::string scheme;  ///< "embedded", "pulsar" …
  std::string rest;    ///< behind "://", without the query
  Extra parameters;    ///< the URL's query, percent-decoded
  Nulls nulls = Nulls::omit;
  std::string instance;  ///< stable identity of this process, never empty
  Duration connect_timeout = std::chrono::seconds(5);
};

/// A connection to one broker. Threads: any thread for every call.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual const Features& features() const noexcept = 0;

  /// The codec of this backend for a type. The default writes JSON, or passes `Raw` through.
  virtual std::unique_ptr<Encoder> encoder(const schema::Type& type);
  virtual std::unique_ptr<Decoder> decoder(const schema::Type& type);

  virtual void create_producer(const ProducerConfig& config, Result<std::unique_ptr<Producer>> done) = 0;
  /// Complete only when the subscription is real: what is sent from then on reaches it.
  /// Errors: conflict for a second exclusive consumer or another sharing mode, config, unavailable.
  virtual void create_consumer(const ConsumerConfig& config, Sink& sink,
                               Result<std::unique_ptr<Consumer>> done) = 0;

  /// Errors of the following: unsupported where the Feature is missing (the default).
  virtual void create_subscription(const QueueName& queue, std::string_view subscription, Position position,
                                   Completion done);
  virtual void remove_subscription(const QueueName& queue, std::string_view subscription, Completion done);
  virtual void statistics(const QueueName& queue, Result<QueueStatistics> done);
  virtual void begin(std::string_view transactional_id, Result<std::unique_ptr<Transaction>> done);
  /// Gives `sink` each message of a best-effort queue that is sent by this process from then on, before the
  /// send completes and in the order of each producer. No reconnects: what offers this has no link.
  virtual void create_inline_consumer(const QueueName& queue, std::shared_ptr<InlineSink> sink,
                                      Result<std::unique_ptr<InlineConsumer>> done);
  /// Makes the tenant, the namespace and its policies where they are missing. Errors also: authentication,
  /// forbidden, which names the right that is missing.
  virtual void create_namespace(const NamespaceConfig& config, Result<NamespaceOutcome> done);

  /// Ends every producer and consumer that is left, then the connection.
  virtual void close(TimePoint deadline, Completion done) = 0;

 protected:
  explicit Backend(Nulls nulls = Nulls::omit) : nulls_(nulls) {}

 private:
  Nulls nulls_;
};

}  // namespace omnibus::driver
OMNIBUS_EXPORT_END
