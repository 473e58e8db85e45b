#pragma once

/// Named places in the work of a process, at one of which a worker ends itself with -9. Those around the
/// calls of the public API are reached by the worker's own code; those that begin with "driver:" by a driver
/// that stands before the backend's. Only this program has them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <omnibus/bus.hpp>

namespace omnibus::conformance {

/// What a relay goes through: consume, several outputs and an acknowledgement in one transaction, commit; now
/// and then an abort; at the end an orderly close.
std::span<const std::string_view> relay_steps();
/// What a sender goes through.
std::span<const std::string_view> sender_steps();

/// This process dies when it reaches `step` for the `nth` time. Errors: ConfigError for an unknown step.
void die_at(std::string_view step, std::uint64_t nth);
/// Threads: any.
void reach(std::string_view step) noexcept;

/// Like connect, with the steps of the driver.
Bus connect_with_steps(const std::string& url, BusOptions connection);

}  // namespace omnibus::conformance
