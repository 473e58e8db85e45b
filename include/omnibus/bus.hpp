#pragma once

/// A connection to a broker, and what is made from it:
///
///     auto bus = omnibus::connect("embedded://");
///     auto inbox = bus.create_consumer<Greeting>(omnibus::topic("hello"), "readers");
///     auto outbox = bus.create_producer<Greeting>(omnibus::topic("hello"));
///
/// Threads: any thread for every call; completions and handlers run on the Bus's own pool.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <omnibus/consumer.hpp>
#include <omnibus/detail/export.hpp>
#include <omnibus/driver.hpp>
#include <omnibus/inline_consumer.hpp>
#include <omnibus/metrics.hpp>
#include <omnibus/options.hpp>
#include <omnibus/producer.hpp>
#include <omnibus/queue_name.hpp>
#include <omnibus/transaction.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

namespace detail {
class BusCore;
}

/// Everything about a connection that is not its URL.
struct BusOptions {
  Nulls nulls = Nulls::omit;
  std::string instance = {};  ///< names producers and clients; default host + program + a slot
  Duration connect_timeout = std::chrono::seconds(5);
  std::size_t max_buffered = 256u << 20;  ///< most payload bytes received and not yet handed to the user
  std::size_t max_handler_threads =
      512;               ///< most handlers running at once; threads exist only while handlers run
  Metrics metrics = {};  ///< where counts go; a private registry by default
};

/// A connection to one broker, whatever its kind. A cheap shared handle: producers and consumers keep the
/// connection alive, so the order of destruction does not matter. Threads: any thread for every call. Source:
/// the spec's PubSubBackend.
class Bus {
 public:
  explicit Bus(std::shared_ptr<detail::BusCore> core) : core_(std::move(core)) {}

  /// Errors: ConfigError; Error{unavailable} when the broker cannot be reached within the connect timeout.
  template <Schema T>
  Producer<T> create_producer(const QueueName& queue, ProducerOptions options = {}) {
    return Producer<T>(create_producer(queue, schema::type_of<T>(), std::move(options)));
  }

  /// Returns when the subscription is real: what is sent from then on reaches it. An empty subscription name
  /// makes a generated, ephemeral one. Errors: ConfigError; Error{conflict} for a second exclusive consumer
  /// or another sharing mode; Error{unavailable}.
  template <Schema T>
  Consumer<T> create_consumer(const QueueName& queue, std::string_view subscription,
                              ConsumerOptions options = {}) {
    return Consumer<T>(create_consumer(queue, subscription, schema::type_of<T>(), std::move(options)));
  }

  /// Calls `handler(const InlineMessage<T>&)` for each message of a best-effort queue, on the thread that
  /// sends it and before the send returns: no queue between the two, no waiting, no copy. A subscription of
  /// its own. Handlers must be short and not wait; they may run several at once, one for each thread that
  /// sends. What they throw is logged and counted. Errors: ConfigError for a queue that is not q0, and where
  /// Feature::inline_delivery is missing.
  template <Schema T, class Handler>
  InlineConsumer<T> create_inline_consumer(const QueueName& queue, Handler handler) {
    return InlineConsumer<T>(
        create_inline_consumer(queue, schema::type_of<T>(), detail::inline_calls<T>(std::move(handler))));
  }

  /// For types known only at run time. Errors: as above.
  std::unique_ptr<detail::ProducerHandle> create_producer(const QueueName& queue, const schema::Type& type,
                                                          ProducerOptions options);
  std::unique_ptr<detail::ConsumerHandle> create_consumer(const QueueName& queue,
                                                          std::string_view subscription,
                                                          const schema::Type& type, ConsumerOptions options);
  std::unique_ptr<detail::InlineConsumerHandle> create_inline_consumer(const QueueName& queue,
                                                                       const schema::Type& type,
                                                                       detail::MakeInlineCall make);

  /// Runs `work(Transaction&)`. What it sends and acknowledges through the transaction happens together when
  /// it returns, and not at all when it throws. Returns what `work` returns. Errors: ConfigError where
  /// Feature::transactions is missing; what `work` throws; as Transaction::commit.
  template <class Work>
  auto transact(Work&& work) {
    auto transaction = begin_transaction();
    if constexpr (std::is_void_v<std::invoke_result_t<Work, Transaction&>>) {
      std::forward<Work>(work)(transaction);
      transaction.commit();
    } else {
      auto result = std::forward<Work>(work)(transaction);
      transaction.commit();
      return result;
    }
  }
  /// For work that does not end where it begins. Errors: as transact.
  Transaction begin_transaction();

  /// Makes a durable subscription without a consumer; does nothing when it exists. Returns when it is real.
  /// Errors: ConfigError for a malformed name; Error{unsupported} where Feature::subscriptions_api is
  /// missing; Error{unavailable}, Error{forbidden}.
  void create_subscription(const QueueName& queue, std::string_view subscription,
                           Position position = Position::latest);
  /// Removes a subscription with all it holds; does nothing when it does not exist.
  /// Errors: as create_subscription.
  void remove_subscription(const QueueName& queue, std::string_view subscription);
  /// How much a queue and each of its subscriptions hold: messages, bytes, ages. Asks the broker.
  /// Errors: ConfigError; Error{unsupported} where Feature::statistics is missing; Error{unavailable}.
  driver::QueueStatistics statistics(const QueueName& queue);
  /// Makes a tenant and a namespace with policies where they are missing; what is there stays. Errors:
  /// Error{unsupported} where Feature::namespaces is missing, Error{authentication}, Error{forbidden}.
  driver::NamespaceOutcome create_namespace(const driver::NamespaceConfig& config);

  /// "embedded", "pulsar" …
  std::string_view backend() const noexcept;
  /// What this broker keeps of each promise; valid as long as the Bus.
  const driver::Features& features() const noexcept;
  /// As given to connect; valid as long as the Bus.
  const BusOptions& options() const noexcept;
  /// The registry that this Bus counts in; valid as long as the Bus.
  Metrics& metrics() const noexcept;

  /// Runs `work` on the handlers' shared pool.
  void post(UniqueFunction<void()> work) const;
  /// Runs `work` on the pool at `when` or soon after; the token cancels it.
  std::uint64_t post_at(TimePoint when, UniqueFunction<void()> work) const;
  /// False when it has run or is running.
  bool cancel(std::uint64_t token) const noexcept;

  /// Whether both are handles of the same connection.
  friend bool operator==(const Bus&, const Bus&) noexcept = default;

  /// Closes every producer and consumer, then the connection: flushes, waits for handlers and for the driver
  /// up to `timeout`. Reports what was left. Idempotent; the last handle's destructor calls it. Threads: any,
  /// also a callback's own: then it marks and returns.
  CloseReport close(Duration timeout = std::chrono::seconds(10)) noexcept;

 private:
  std::shared_ptr<detail::BusCore> core_;
};

/// Opens a connection by URL: `embedded://`, `embedded:///path?durability=sync` …
/// Errors: ConfigError naming the known schemes; Error{unavailable}, Error{authentication} …
Bus connect(std::string_view url, BusOptions options = {});

/// Makes the driver of one connection.
using BackendFactory =
    std::function<std::unique_ptr<driver::Backend>(const driver::BackendConfig&, driver::Host&)>;

/// Opens a connection over a driver of your own (docs/writing-a-backend.md); `url` reaches it split into its
/// parts. Errors: ConfigError for a malformed URL; whatever `open` throws.
Bus connect_with(const BackendFactory& open, std::string_view url, BusOptions options = {});

}  // namespace omnibus
OMNIBUS_EXPORT_END
