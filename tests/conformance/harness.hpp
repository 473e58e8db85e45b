#pragma once

/// What differs between brokers when they are tested, and nothing else: where the broker is, how it is
/// stopped and started again, how a second one with small limits is had. A new backend adds a harness here
/// only when it is not reached by a plain URL and a `--restart-command`.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/omnibus.hpp>

namespace omnibus::conformance {

/// Limits of the retention cases.
struct Bounds {
  std::size_t retention_bytes = 0;             ///< 0: unlimited
  Duration retention_time = Duration::zero();  ///< zero: unlimited
  std::size_t hard_limit_bytes = 0;            ///< 0: the backend's default
};

/// A URL that cannot work, and what connecting to it must report.
struct Unreachable {
  std::string url;
  std::vector<ErrorCode> codes;
  std::string mentions;  ///< stands in the text
};

/// Threads: the case's.
class Harness {
 public:
  virtual ~Harness() = default;

  /// Where the broker is, for this process and its workers.
  virtual std::string url() const = 0;
  /// Stops the broker in an orderly way. Every Bus of the case is closed unless the case tests the loss of
  /// the link.
  virtual void stop() = 0;
  virtual void start() = 0;

  /// Ends the broker with -9; start() starts it again.
  virtual void kill() { stop(); }
  /// Stops the broker as SIGSTOP does: connections stay, nothing is answered.
  virtual void freeze() {}
  virtual void thaw() {}
  /// Breaks every connection of this process.
  virtual void cut() {}

  /// A broker of its own with these limits. Empty when there is none; then the cases that need it fail
  /// unless a Feature tells why.
  virtual std::optional<std::string> bounded(const Bounds& bounds) = 0;
  virtual std::vector<Unreachable> unreachable() const = 0;
  /// Refused because of wrong credentials.
  virtual std::optional<std::string> bad_credentials() const { return std::nullopt; }
  /// Refused because the peer's certificate is not trusted.
  virtual std::optional<std::string> bad_certificate() const { return std::nullopt; }

  /// The harness of the URL's scheme. A `{scratch}` in the URL stands for a fresh directory that goes with
  /// the run.
  static std::unique_ptr<Harness> make(const std::string& url);
};

/// A directory that goes with the object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace omnibus::conformance
