#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backends/embedded/bytes.hpp"
#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

/// A State as bytes, for checkpoints. Message bodies stay where they are in the log; only their places are
/// written. Messages of best-effort queues are left out: they are gone with their process.
class Snapshot {
 public:
  static std::string encode(const State& state);
  /// Tells too what the messages take of each segment.
  static std::string encode(const State& state, SegmentUse& use);
  /// The lowest segment that a message lies in; the highest number there is when no message does.
  /// Errors: corrupt.
  static std::uint64_t oldest_segment(std::string_view bytes);
  /// Fills an empty State, which keeps the bytes: messages stay packed in them until somebody asks for one.
  /// Their contents are places, whose bytes Journal::find gives. Errors: corrupt, unsupported; the State is
  /// then of no use.
  static void decode(std::shared_ptr<const std::string> bytes, State& state);

 private:
  static void put_queue(std::string& out, const Queue& queue, SegmentUse& use);
  static void put_space(std::string& out, const Space& space);
  static void put_subscription(std::string& out, const Subscription& subscription, const Queue& queue);
  static void take_queue(ByteReader& in, State& state, const std::shared_ptr<const std::string>& bytes);
  static void take_space(ByteReader& in, State& state);
  static void take_producer(ByteReader& in, State& state);
  static void take_subscription(ByteReader& in, State& state);
  static void take_outstanding(ByteReader& in, Subscription& subscription);
  static void take_consumer(ByteReader& in, State& state);
  static void count_held(State& state);
};

}  // namespace omnibus::embedded
