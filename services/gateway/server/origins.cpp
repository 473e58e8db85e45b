#include "services/gateway/server/origins.hpp"

#include <algorithm>
#include <omnibus/error.hpp>

namespace omnibus::gateway {

bool Origins::admits(std::string_view origin) const noexcept {
  if (allowed_.empty() || origin.empty()) return true;
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const std::string& each) { return each == "*" || each == origin; });
}

bool Origins::is_own(std::string_view origin, std::string_view host) noexcept {
  const auto scheme = origin.find("://");
  return !host.empty() && scheme != std::string_view::npos && origin.substr(scheme + 3) == host;
}

void Origins::check(const std::string& origin) {
  const auto scheme = origin.find("://");
  const bool whole = scheme != std::string::npos && scheme > 0 && scheme + 3 < origin.size() &&
                     origin.find('/', scheme + 3) == std::string::npos;
  if (whole || origin == "*") return;
  throw ConfigError("--allow-origin: '" + origin + "' is no origin",
                    "it takes SCHEME://HOST[:PORT] without a path, or *");
}

}  // namespace omnibus::gateway
