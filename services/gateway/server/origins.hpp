#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omnibus::gateway {

/// Which web pages may use the gateway. Without a list no page of another origin may read answers (no CORS),
/// and WebSockets are open to all, as browsers do not restrict them. Threads: any.
class Origins {
 public:
  /// "https://HOST[:PORT]", or "*" for every origin.
  explicit Origins(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}
  bool empty() const noexcept { return allowed_.empty(); }
  /// No origin ("") is a client that is no browser: it may.
  bool admits(std::string_view origin) const noexcept;
  /// A page that came from HOST itself (the request's Host), such as the gateway's own.
  static bool is_own(std::string_view origin, std::string_view host) noexcept;
  /// Errors: ConfigError when `origin` is not one.
  static void check(const std::string& origin);

 private:
  const std::vector<std::string> allowed_;
};

}  // namespace omnibus::gateway
