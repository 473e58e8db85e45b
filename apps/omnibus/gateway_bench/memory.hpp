#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>

namespace omnibus::app::gateway_bench {

/// What a process holds of the machine's memory, bytes; empty when there is no such process.
std::optional<std::size_t> resident_bytes(pid_t process);

/// Lets this process open `count` more files. Errors: ConfigError when the system's limit is below that.
void allow_sockets(std::size_t count);

}  // namespace omnibus::app::gateway_bench
