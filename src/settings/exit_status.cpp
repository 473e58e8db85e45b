#include <omnibus/exit_status.hpp>

namespace omnibus {

ExitStatus exit_status(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::config:
    case ErrorCode::unsupported:
      return exit_usage;
    case ErrorCode::unavailable:
    case ErrorCode::authentication:
    case ErrorCode::forbidden:
      return exit_unavailable;
    default:
      return exit_failed;
  }
}

}  // namespace omnibus
