#pragma once

#include <memory>
#include <string>

namespace omnibus::wire {

/// What a TLS client trusts. The name of the peer is always checked. Threads: immutable, share freely.
class Tls {
 public:
  /// `ca_file`: PEM certificates to trust; empty for the system's. Errors: ConfigError when unreadable.
  explicit Tls(const std::string& ca_file);
  ~Tls();

  struct State;
  /// For the other classes of this folder.
  State& state() const noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace omnibus::wire
