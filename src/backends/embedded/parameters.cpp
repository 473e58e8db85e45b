#include "backends/embedded/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace omnibus::embedded {
namespace {

constexpr std::uint64_t mebi = std::uint64_t{1} << 20;
constexpr std::uint64_t gibi = std::uint64_t{1} << 30;
constexpr Millis hour = 3'600'000;

template <std::size_t N>
std::uint64_t scaled(std::string_view name, std::string_view text,
                     const std::array<std::pair<std::string_view, std::uint64_t>, N>& units,
                     std::string_view expected) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [suffix, factor] : units) {
    if (error != std::errc() || unit != suffix) continue;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value <= most / factor) return value * factor;
  }
  throw ConfigError("URL parameter " + std::string(name) + "=" + std::string(text) + " is malformed",
                    "expected " + std::string(expected));
}

void set_place(Parameters& parameters, const driver::BackendConfig& config) {
  const auto& rest = config.rest;
  if (rest.empty()) return;
  if (rest.front() == '/') {
    parameters.path = std::filesystem::path(rest).lexically_normal();
    return;
  }
  if (rest.find('/') != std::string::npos || rest.front() == '.') {
    throw ConfigError("\"" + config.url + "\" names neither a store nor an engine",
                      "a directory is embedded:///absolute/path, with three slashes");
  }
  parameters.name = rest;
}

}  // namespace

std::uint64_t parse_size(std::string_view name, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> units{{{"", 1},
                                                                                    {"KiB", 1024},
                                                                                    {"MiB", mebi},
                                                                                    {"GiB", gibi},
                                                                                    {"TiB", 1024 * gibi},
                                                                                    {"K", 1024},
                                                                                    {"M", mebi},
                                                                                    {"G", gibi}}};
  return scaled(name, text, units, "bytes, for example 1048576, 64MiB or 2GiB; 0 is without limit");
}

Duration parse_duration(std::string_view name, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> units{
      {{"ms", 1'000'000},
       {"s", 1'000'000'000},
       {"m", 60'000'000'000},
       {"h", 3'600'000'000'000},
       {"d", 86'400'000'000'000}}};
  return Duration(scaled(name, text, units, "a time with its unit, for example 500ms, 10s, 5m, 24h or 7d"));
}

Parameters parse_parameters(const driver::BackendConfig& config) {
  Parameters parameters;
  set_place(parameters, config);
  parameters.limits =
      parameters.durable() ? Limits{256 * mebi, 168 * hour, 16 * gibi} : Limits{64 * mebi, hour, 4 * gibi};
  for (const auto& [key, value] : config.parameters) {
    if (key == "retention_bytes") {
      parameters.limits.retention_bytes = parse_size(key, value);
    } else if (key == "retention_time") {
      const auto time = parse_duration(key, value);
      parameters.limits.retention_time = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    } else if (key == "hard_limit") {
      parameters.limits.hard_limit = parse_size(key, value);
    } else if (key == "durability" && parameters.durable()) {
      parameters.durability = value;
    } else if (key == "lock_wait" && parameters.durable()) {
      parameters.lock_wait = parse_duration(key, value);
    } else if (key == "checkpoint_interval" && parameters.durable()) {
      parameters.checkpoint_interval = std::max<std::uint64_t>(parse_size(key, value), 1);
    } else {
      throw ConfigError("unknown URL parameter \"" + key + "\" of " + config.url,
                        std::string("known are retention_bytes, retention_time, hard_limit") +
                            (parameters.durable() ? ", durability, lock_wait, checkpoint_interval"
                                                  : "; with a path also durability, lock_wait, "
                                                    "checkpoint_interval"));
    }
  }
  return parameters;
}

}  // namespace omnibus::embedded
