#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "backends/embedded/bytes.hpp"
#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

/// A State as bytes, for checkpoints. Message bodies stay where they are in the log; only their places are
/// written. Messages of best-effort queues are left out: they are gone with their process.
class Snapshot {
 public:
  /// Finds the bytes that a place names. Errors: corrupt, not_found, io: that message is left out.
  using Resolve = std::function<Content(const Content& place)>;

  static std::string encode(const State& state);
  /// The lowest segment that a message lies in; the highest number there is when no message does.
  /// Errors: corrupt.
  static std::uint64_t oldest_segment(std::string_view bytes);
  /// Fills an empty State; returns how many messages could not be found. Errors: corrupt, unsupported; the
  /// State is then of no use.
  static std::uint64_t decode(std::string_view bytes, State& state, const Resolve& resolve);

 private:
  static void put_queue(std::string& out, const Queue& queue, std::uint64_t& oldest_segment);
  static void put_subscription(std::string& out, const Subscription& subscription, const Queue& queue);
  static std::uint64_t take_queue(ByteReader& in, State& state, const Resolve& resolve);
  static void take_producer(ByteReader& in, State& state);
  static void take_subscription(ByteReader& in, State& state);
  static void take_outstanding(ByteReader& in, Queue& queue, Subscription& subscription);
  static void take_consumer(ByteReader& in, State& state);
  static void free_keys(Subscription& subscription);
  static void count_waiting(Queue& queue, Subscription& subscription);
  static void count_space(State& state);
  static void count_held(State& state);
};

}  // namespace omnibus::embedded
