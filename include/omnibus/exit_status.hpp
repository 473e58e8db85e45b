#pragma once

#include <omnibus/detail/export.hpp>
#include <omnibus/error.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// How the programs of omnibus end, tools and services alike. Documented in docs/errors.md.
enum ExitStatus : int {
  exit_ok = 0,           ///< done; stopped in order
  exit_failed = 1,       ///< the work failed, or something was left unfinished
  exit_usage = 2,        ///< wrong usage, configuration or input, or more than this build or broker can do
  exit_unavailable = 3,  ///< the broker or store cannot be reached, or refuses access
};

/// The status of a program that ends with `error`. Threads: any.
ExitStatus exit_status(const Error& error) noexcept;

}  // namespace omnibus
OMNIBUS_EXPORT_END
