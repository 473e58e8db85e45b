#pragma once

/// What can be asked of producers, consumers and single sends. Plain values: set what differs, by name:
///
///     bus.create_consumer<Order>(queue, "billing", {.position = omnibus::Position::earliest, .window =
///     100});
///
/// Every time is an omnibus::Duration (any std::chrono literal), every size is in bytes. What is out of range
/// is a ConfigError where the options are used. Threads: plain values.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <omnibus/properties.hpp>
#include <omnibus/time.hpp>

namespace omnibus {

/// Where a new subscription starts. An existing one resumes, whatever is asked.
enum class Position : std::uint8_t { earliest, latest };
/// How consumers of one subscription share its messages. Source: the spec's consumer_type.
enum class Sharing : std::uint8_t { shared, exclusive, failover };
/// Whether a subscription outlives its last consumer.
enum class Lifetime : std::uint8_t { durable, ephemeral };
/// How an empty optional is written. `omit` is the spec; `emit` is what existing Python services need.
enum class Nulls : std::uint8_t { omit, emit };

/// Options of one backend, text to text; an unknown key is a ConfigError.
using Extra = std::map<std::string, std::string, std::less<>>;

/// Delay n = min(initial · factor^(n-1), maximum) ± jitter.
struct Backoff {
  Duration initial = std::chrono::seconds(1);
  Duration maximum = std::chrono::seconds(60);
  double factor = 2.0;
  double jitter = 0.2;  ///< share of the delay, 0 to 1
};

/// Of one send.
struct SendOptions {
  Properties properties = {};
  std::string key = {};               ///< orders and partitions; empty for none
  Duration delay = Duration::zero();  ///< not delivered before now + delay
  /// Position in the caller's own output, for de-duplication across restarts together with
  /// ProducerOptions::name. Rises strictly; a number not above the last stored one is confirmed and not
  /// stored again.
  std::optional<std::uint64_t> sequence = std::nullopt;
  /// How long send() waits for the broker. Zero: the producer's send_timeout.
  Duration timeout = Duration::zero();
};

/// Of a producer, for its whole life.
struct ProducerOptions {
  std::string name = {};      ///< stable identity for de-duplication; generated when empty
  std::size_t window = 1000;  ///< most messages sent and not yet confirmed
  std::size_t window_bytes =
      64u << 20;  ///< most payload bytes sent and not yet confirmed; one larger message passes alone
  bool block_when_full = true;     ///< false: send_async throws Error{would_block}
  bool fail_fast = false;          ///< true: fail at once while the link is down instead of waiting
  bool inline_completion = false;  ///< true: completions run on the I/O thread and must not block
  Duration send_timeout = std::chrono::seconds(30);  ///< most time from send to the broker's confirmation
  Duration linger =
      Duration::zero();  ///< how long send_async gathers messages before it hands them to the broker
  std::size_t batch_messages = 256;  ///< most messages handed over at once
  Extra extra = {};
};

/// Of a consumer, and of its subscription when that is new.
struct ConsumerOptions {
  Position position = Position::latest;
  Sharing sharing = Sharing::shared;
  Lifetime lifetime = Lifetime::durable;
  Duration expiry = Duration::zero();  ///< ephemeral only: kept this long after its last consumer
  std::size_t window = 1000;           ///< most messages delivered and not yet acknowledged
  Backoff redelivery = {};             ///< how long a negatively acknowledged message stays away
  std::uint32_t max_attempts = 0;      ///< then to the dead letter queue; 0 = unlimited
  bool ordered_keys = false;           ///< a key's later messages wait for an earlier one that was nacked
  Duration ack_timeout =
      Duration::zero();       ///< redeliver what is unacked for so long; zero: never while the process lives
  bool allow_weaker = false;  ///< accept a promise that the backend can keep only in part
  bool fail_fast = false;     ///< true: receive fails at once while the link is down
  Extra extra = {};
};

/// What close() did.
struct CloseReport {
  std::size_t flushed = 0;  ///< sends confirmed while closing
  std::size_t unsent = 0;   ///< sends given up; their completions reported ClosedError
  std::size_t running = 0;  ///< handlers or unacknowledged messages left at the deadline
};

}  // namespace omnibus
