#include "services/rpc/flags.hpp"

#include <limits>
#include <string>

namespace omnibus::rpc {

Flags queue_flags(Flags flags, std::string_view name, std::string_view request, std::string_view response) {
  const std::string prefix(name);
  return flags.text(prefix + "-request-queue", "queue of " + prefix + " requests", std::string(request))
      .text(prefix + "-response-queue", "queue of their answers", std::string(response));
}

ServerSettings server_settings(const Settings& settings, std::string_view id, std::string_view name,
                               std::string_view concurrency) {
  const auto most = settings.integer(concurrency);
  if (most < 1 || most > std::numeric_limits<int>::max()) {
    throw ConfigError("--" + std::string(concurrency) + " is " + std::to_string(most), "give at least 1");
  }
  const std::string prefix(name);
  return {.id = std::string(id),
          .name = prefix,
          .request = QueueName::parse(settings.text(prefix + "-request-queue")),
          .response = QueueName::parse(settings.text(prefix + "-response-queue")),
          .concurrency = static_cast<int>(most)};
}

}  // namespace omnibus::rpc
