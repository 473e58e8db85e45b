#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "services/http/client.hpp"
#include "services/s3/signature.hpp"

namespace omnibus::s3 {

/// Where a bucket is and who asks.
struct Address {
  std::string url;  ///< scheme and authority: "https://host:9000"
  std::string bucket;
  Credentials who;
  std::string region = "us-east-1";
  std::string ca_file = {};  ///< PEM certificates to trust; empty: the system's
};

/// How often a call is tried that another attempt may cure, and how long it waits before the second; twice as
/// long before each further one.
struct Patience {
  int attempts = 5;
  Duration backoff = std::chrono::milliseconds(250);
  Duration silence = std::chrono::seconds(30);  ///< of the store, after which an attempt has failed
};

/// One bucket of an S3-compatible object store, addressed by path. Keys are of letters, digits and `-._~/`.
/// An object is whole or not there. Limits: an object of 1 GiB.
/// Errors of every call, each naming the object, the bucket and what the store said: Error{unavailable},
/// retryable, when it could not be reached or has trouble of its own after all attempts;
/// Error{authentication} for keys it does not know, a signature or clock it does not accept;
/// Error{forbidden}; Error{no_space}; ProtocolError for any other refusal; ClosedError when leave() has ended
/// the attempts. Threads: any; each call holds its caller until it has ended.
class Bucket {
 public:
  /// Connects to nothing. Errors: ConfigError for a URL, region or name that cannot be.
  explicit Bucket(Address address, Patience patience = {});

  /// Makes the bucket where it is missing.
  void make();

  /// Durable when it returns. One of that key is replaced.
  void put(std::string_view key, std::string bytes);
  /// Errors: Error{not_found}.
  std::string get(std::string_view key);
  /// One that is not there is fine.
  void remove(std::string_view key);
  /// Keys that begin with this.
  std::set<std::string> list(std::string_view prefix);

  /// Nothing is tried again from now on, so that a stop need not wait for a store that is away.
  void leave() noexcept { leaving_.request_stop(); }

 private:
  struct Call;
  struct Answer;
  /// Tried until it is fine, refused for good, or the attempts are used up.
  Answer send(const Call& call);
  /// Empty when the store could not be reached, unless it was the last attempt.
  std::optional<Answer> attempt(const Call& call, bool last);
  Answer ask(const Call& call);
  std::string place(const Call& call) const;
  [[noreturn]] void refuse(const Call& call, const Answer& answer) const;

  const Address address_;
  const Patience patience_;
  const std::string host_;
  http::Client client_;
  std::stop_source leaving_;
};

}  // namespace omnibus::s3
