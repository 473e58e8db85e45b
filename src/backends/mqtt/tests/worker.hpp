#pragma once

/// A process of its own that sends or receives through the driver, to be killed. It is this program, started
/// with `--worker`.

#include <sys/types.h>

#include <string>
#include <vector>

namespace omnibus::mqtt {

/// Threads: one, but for kill().
class Worker {
 public:
  /// `mode` is one of:
  /// - "send": sends 1 … `count` by sequence under a producer's name, says "confirmed N" and at last "done";
  /// - "receive": says "ready", then of each message "got N"; acknowledges it and says "acked N";
  /// - "receive-behind": the same, but never acknowledges the first.
  Worker(const std::string& mode, const std::string& url, std::size_t count = 0);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// SIGKILL; returns when the process is dead. Threads: any.
  void kill() const;
  /// The next line; empty at the end. Errors: std::runtime_error after 20 s.
  std::string line();
  /// Lines until `last` or the end.
  std::vector<std::string> until(const std::string& last);
  std::vector<std::string> rest() { return until({}); }

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string buffer_;
};

/// What runs in the process.
int run_worker(const std::string& mode, const std::string& url, std::size_t count);

}  // namespace omnibus::mqtt
