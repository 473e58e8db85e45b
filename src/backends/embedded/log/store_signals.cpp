#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <omnibus/store.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include "backends/embedded/log/fault_table.hpp"

namespace omnibus {
namespace {

struct sigaction previous;
std::uintptr_t page_mask;

void chain(int signal, siginfo_t* info, void* context) {
  const bool sent_by_a_process = info->si_code <= 0;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else if (previous.sa_handler == SIG_DFL || !sent_by_a_process) {
    // The kernel's own action: a fault comes again on return, a sent signal has to be sent again. Ignoring a
    // fault would repeat it for ever.
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    if (sent_by_a_process) ::raise(signal);
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool from_kernel = info->si_code > 0;
  if (from_kernel && embedded::mark_fault(info->si_addr)) {
    const auto page = reinterpret_cast<std::uintptr_t>(info->si_addr) & page_mask;
    void* zeros = ::mmap(reinterpret_cast<void*>(page), ~page_mask + 1,  // NOLINT: an address from the kernel
                         PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros != MAP_FAILED) {
      errno = error;
      return;
    }
  }
  errno = error;
  chain(signal, info, context);
}

}  // namespace

void install_store_signals() {
  static std::atomic<bool> installed = false;
  if (installed.exchange(true)) return;
  page_mask = ~(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)) - 1);
  ::sigaction(SIGBUS, nullptr, &previous);
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace omnibus
