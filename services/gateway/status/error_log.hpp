#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <omnibus/time.hpp>

namespace omnibus::gateway {

/// A request that failed. Holds what its client was told, never its body or a token.
struct FailedRequest {
  SystemTime time = {};
  std::string request = {};  ///< its id: X-Request-Id, or a socket message's `id` as text; may be empty
  std::string flow = {};     ///< empty: a global service
  std::string service = {};
  std::string text;
};

/// The last failed requests. Threads: any.
class ErrorLog {
 public:
  static constexpr std::size_t most = 50;
  static constexpr std::size_t longest_text = 300, longest_name = 100;  ///< bytes; the rest is cut

  /// Stamps it with the time; the oldest beyond `most` goes.
  void note(FailedRequest failed);
  /// The newest first.
  std::vector<FailedRequest> last() const;

 private:
  mutable std::mutex mutex_;  // guards failed_
  std::deque<FailedRequest> failed_;
};

}  // namespace omnibus::gateway
