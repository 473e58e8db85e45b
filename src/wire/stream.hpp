#pragma once

/// A connected byte stream, TCP or TLS.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>
#include <omnibus/function.hpp>
#include <omnibus/time.hpp>

#include "wire/address.hpp"
#include "wire/loop.hpp"
#include "wire/tls.hpp"

namespace omnibus::wire {

/// Threads: the loop's only. Kept alive by its owner; closed when the last owner lets go.
class Stream {
 public:
  struct Target {
    Address address;
    std::shared_ptr<const Tls> tls = nullptr;    ///< null: plain TCP
    Duration timeout = std::chrono::seconds(5);  ///< for resolving, connecting and the handshake together
  };
  using Opened = UniqueFunction<void(const Error*, std::unique_ptr<Stream>)>;
  /// Looks at what is buffered and returns how many bytes it has used. What it throws ends the stream.
  using Received = UniqueFunction<std::size_t(std::string_view)>;
  using Closed = UniqueFunction<void(const Error&)>;

  /// Completes on the loop, later, unless the loop ends before. Errors: unavailable when the peer cannot be
  /// reached, authentication when its certificate is not trusted.
  static void open(Loop& loop, Target target, Opened opened);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Starts reading. `closed` runs at most once, when the peer or an error ended the stream; the owner may
  /// destroy the stream from it and from `received`.
  void start(Received received, Closed closed);
  /// Queues bytes; what one turn of the loop queues leaves together.
  void write(std::string_view bytes);
  void write(std::string&& bytes);
  /// Bytes queued that the kernel has not taken.
  std::size_t queued() const noexcept;
  /// Runs `work` on the loop once the kernel has taken all that is queued now: at once when it has. Dropped
  /// when the stream ends before.
  void when_written(UniqueFunction<void()> work);

  struct State;
  explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

}  // namespace omnibus::wire
