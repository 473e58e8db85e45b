#include "backends/registry.hpp"

#include <array>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/detail/nearest.hpp>

#ifdef OMNIBUS_HAVE_EMBEDDED
#include "backends/embedded/backend.hpp"
#endif
#ifdef OMNIBUS_HAVE_PULSAR
#include "backends/pulsar/backend.hpp"
#endif

namespace omnibus::backends {
namespace {

#ifdef OMNIBUS_HAVE_EMBEDDED
constexpr auto open_embedded = &embedded::open;
#else
constexpr decltype(Entry::open) open_embedded = nullptr;
#endif

#ifdef OMNIBUS_HAVE_PULSAR
constexpr auto open_pulsar = &pulsar::open;
#else
constexpr decltype(Entry::open) open_pulsar = nullptr;
#endif

/// An explicit table, because linkers drop self-registering objects from static libraries.
constexpr std::array<Entry, 12> table{{
    {"embedded", open_embedded},
    {"pulsar", open_pulsar},
    {"pulsar+ssl", open_pulsar},
    {"mqtt"},
    {"mqtts"},
    {"kafka"},
    {"amqp"},
    {"amqps"},
    {"redis"},
    {"rediss"},
    {"nats"},
    {"nats+tls"},
}};

std::string listed(bool built_only) {
  std::string out;
  for (const Entry& entry : table) {
    if (built_only && entry.open == nullptr) continue;
    out.append(out.empty() ? "" : ", ").append(entry.scheme);
  }
  return out;
}

[[noreturn]] void unknown(std::string_view scheme) {
  std::vector<std::string_view> schemes;
  for (const Entry& entry : table) schemes.push_back(entry.scheme);
  const std::string near = detail::nearest(scheme, schemes);
  throw ConfigError("unknown backend \"" + std::string(scheme) + "\", known are " + listed(false),
                    near.empty() ? "" : "did you mean " + near + "://?");
}

}  // namespace

std::span<const Entry> known() noexcept { return table; }

std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host) {
  for (const Entry& entry : table) {
    if (entry.scheme != config.scheme) continue;
    if (entry.open != nullptr) return entry.open(config, host);
    throw ConfigError("backend \"" + config.scheme + "\" is not part of this build",
                      "this build has: " + listed(true));
  }
  unknown(config.scheme);
}

}  // namespace omnibus::backends

namespace omnibus {

Bus connect(std::string_view url, BusOptions options) {
  return connect_with(&backends::open, url, std::move(options));
}

}  // namespace omnibus
