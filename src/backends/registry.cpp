#include "backends/registry.hpp"

#include <array>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/detail/nearest.hpp>

#include "backends/built.hpp"

namespace omnibus::backends {
namespace {

/// An explicit table, because linkers drop self-registering objects from static libraries.
constexpr std::array<Entry, 12> table{{
    {"embedded", embedded::open, embedded::native_name},
    {"pulsar", pulsar::open, pulsar::native_name},
    {"pulsar+ssl", pulsar::open, pulsar::native_name},
    {"mqtt", mqtt::open, mqtt::native_name},
    {"mqtts", mqtt::open, mqtt::native_name},
    {"kafka"},
    {"amqp", nullptr, nullptr, "rabbitmq"},
    {"amqps", nullptr, nullptr, "rabbitmq"},
    {"redis"},
    {"rediss"},
    {"nats"},
    {"nats+tls"},
}};

std::string listed(bool (*wanted)(const Entry&)) {
  std::string out;
  for (const Entry& entry : table) {
    if (wanted(entry)) out.append(out.empty() ? "" : ", ").append(entry.scheme);
  }
  return out;
}

[[noreturn]] void unknown(std::string_view scheme) {
  std::vector<std::string_view> schemes;
  schemes.reserve(std::size(table));
  for (const Entry& entry : table) schemes.push_back(entry.scheme);
  const std::string near = detail::nearest(scheme, schemes);
  throw ConfigError("unknown backend \"" + std::string(scheme) + "\", known are " +
                        listed([](const Entry&) { return true; }),
                    near.empty() ? "" : "did you mean " + near + "://?");
}

[[noreturn]] void not_built(std::string_view scheme) {
  throw ConfigError("backend \"" + std::string(scheme) + "\" is not part of this build",
                    "this build has: " + listed([](const Entry& entry) { return entry.open != nullptr; }));
}

}  // namespace

std::span<const Entry> known() noexcept { return table; }

std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host) {
  for (const Entry& entry : table) {
    if (entry.scheme != config.scheme) continue;
    if (entry.open != nullptr) return entry.open(config, host);
    not_built(config.scheme);
  }
  unknown(config.scheme);
}

std::string native_name(std::string_view backend, const QueueName& queue) {
  for (const Entry& entry : table) {
    if (entry.scheme != backend && entry.name != backend) continue;
    if (entry.native_name != nullptr) return entry.native_name(queue);
    throw ConfigError("the names of backend \"" + std::string(backend) + "\" are not part of this build",
                      "this build has those of: " +
                          listed([](const Entry& known) { return known.native_name != nullptr; }));
  }
  unknown(backend);
}

}  // namespace omnibus::backends

namespace omnibus {

Bus connect(std::string_view url, BusOptions options) {
  return connect_with(&backends::open, url, std::move(options));
}

}  // namespace omnibus
