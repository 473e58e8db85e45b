#pragma once

#include <memory>
#include <string>

namespace omnibus::wire {

/// What a TLS client trusts, and who it says it is. The name of the peer is always checked. Threads:
/// immutable, share freely.
class Tls {
 public:
  /// `ca_file`: PEM certificates to trust; empty for the system's.
  /// `certificate_file`, `key_file`: for peers that want to know their clients: PEM, the client's certificate
  /// first, then those that lead to its authority; its key, not encrypted. Empty: none.
  /// Errors: ConfigError naming the file and what is wrong with it, or that one of both is missing.
  explicit Tls(const std::string& ca_file, const std::string& certificate_file = {},
               const std::string& key_file = {});
  ~Tls();

  struct State;
  /// For the other classes of this folder.
  State& state() const noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace omnibus::wire
