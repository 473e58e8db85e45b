#pragma once

/// A process of its own that uses the broker, so that it can be killed at any moment. The program runs itself
/// again with `--worker MODE key=value…`; the worker reports line by line on its standard output.

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/time.hpp>

namespace omnibus::conformance {

/// Modes and their arguments (all: url, queue; step, nth: dies when it reaches that step for the nth time).
///
/// consume   subscription, sharing, lifetime, position, window, attempts, backoff (ms), count,
///           ack=all|none|even|nack|sort (even: odd ones stay unsettled; sort: odd ones are given back)
///           → `ready`, `got N ATTEMPT`, `acked N` or `nacked N`, and `done` after count; then waits to be
///           told
/// measure   subscription, count: like consume for Raw → `got SIZE HASH ATTEMPT`
/// produce   name, from, to, size, numbered=yes|no, close=yes|no, file_limit (bytes) → `ready`, `confirmed
/// N`,
///           `failed CODE`, `done`
/// relay     subscription, out, name, die=N → `ready`, `sent N`, `acked N`; kills itself between the two at N
/// transact  subscription, first, second, abort=N: relays to two queues in transactions, of N inputs one only
///           after a transaction that it aborts; count: closes in order after so many → `ready`
///
/// Threads: one.
class Worker {
 public:
  using Arguments = std::map<std::string, std::string>;

  Worker(std::string_view mode, const Arguments& arguments);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The next line; throws Missed when none comes, empty when the worker ended.
  std::string line();
  /// Skips to the first line that starts with this word and returns the rest of it. Throws Missed.
  std::string await(std::string_view word);
  /// All lines until the worker ends.
  std::vector<std::string> rest();

  void tell(std::string_view line);
  /// kill -9 and wait for its end.
  void kill();
  void freeze();
  void thaw();
  /// Waits for its end; the exit status, or minus the signal.
  int join();
  /// Whether it has ended.
  bool ended();

 private:
  pid_t process_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffered_;
};

/// What `--worker` runs. The exit status.
int run_worker(const std::vector<std::string>& arguments);

}  // namespace omnibus::conformance
