#pragma once

/// What `omnibus bench gateway` was asked to measure.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/settings.hpp>

namespace omnibus::app::gateway_bench {

enum class Protocol : std::uint8_t { http, websocket };
std::string_view to_string(Protocol protocol) noexcept;

/// Where a gateway is, or a peer that serves the same paths.
struct Target {
  std::string url;  ///< as given, for messages
  std::string host, port;
  std::string service;
  std::string flow = {};   ///< empty: a global service
  std::string token = {};  ///< empty: none is shown
};

struct Plan {
  Target target;
  std::vector<Protocol> protocols;
  std::vector<std::size_t> connections;  ///< a measurement each, per protocol
  Duration time{};                       ///< of each measurement
  std::uint64_t requests = 0;            ///< of each measurement; 0: as many as fit in the time
  std::string body;                      ///< JSON, of every request
  std::size_t idle = 0;                  ///< WebSockets that are open and say nothing
  std::size_t slow_readers = 0;          ///< WebSockets that ask and hardly read
  std::string slow_body;                 ///< JSON, of their requests
  std::size_t slow_requests = 0;         ///< of each of them
  std::optional<pid_t> server;           ///< whose memory is looked at
  Duration patience{};                   ///< without any answer
};

/// What the flags say. Errors: ConfigError naming the flag.
Plan plan_of(const Settings& settings);

}  // namespace omnibus::app::gateway_bench
