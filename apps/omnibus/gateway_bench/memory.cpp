#include "gateway_bench/memory.hpp"

#include <sys/resource.h>

#include <fstream>
#include <string>

#include <omnibus/error.hpp>

namespace omnibus::app::gateway_bench {

std::optional<std::size_t> resident_bytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    std::size_t kibibytes = 0;
    if (status >> kibibytes) return kibibytes * 1024;
  }
  return std::nullopt;
}

void allow_sockets(std::size_t count) {
  constexpr std::size_t others = 64;  // of the program itself
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count + others) return;
  if (limit.rlim_max < count + others) {
    throw ConfigError(std::to_string(count) +
                          " sockets are more than this shell may open: " + std::to_string(limit.rlim_max),
                      "raise the limit (ulimit -n), or ask for fewer");
  }
  limit.rlim_cur = count + others;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace omnibus::app::gateway_bench
