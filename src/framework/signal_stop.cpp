#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include <sys/eventfd.h>
#include <unistd.h>

#include <omnibus/error.hpp>
#include <omnibus/framework/program.hpp>

namespace omnibus::framework {
namespace {

// What a signal handler can reach: lock-free variables alone.
std::atomic<int> wake_descriptor = -1;
std::atomic<int> signals_seen = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void wake(int descriptor) noexcept {
  const std::uint64_t one = 1;
  while (::write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

extern "C" void on_stop_signal(int number) {
  const int error = errno;
  if (signals_seen.fetch_add(1) > 0) ::_exit(128 + number);
  const int descriptor = wake_descriptor.load();
  if (descriptor >= 0) wake(descriptor);
  errno = error;
}

}  // namespace

struct SignalStop::Impl {
  std::stop_source source;
  int descriptor = -1;
  struct sigaction old_term = {}, old_interrupt = {};
  std::jthread watcher;
};

SignalStop::SignalStop() : impl_(std::make_unique<Impl>()) {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (descriptor < 0) {
    throw Error(ErrorCode::io, "cannot watch for signals",
                {.native = std::generic_category().message(errno)});
  }
  int none = -1;
  if (!wake_descriptor.compare_exchange_strong(none, descriptor)) {
    ::close(descriptor);
    throw Error(ErrorCode::conflict, "signals are watched already in this process");
  }
  impl_->descriptor = descriptor;
  signals_seen = 0;
  impl_->watcher = std::jthread([impl = impl_.get()] {
    std::uint64_t count = 0;
    while (::read(impl->descriptor, &count, sizeof count) < 0 && errno == EINTR) {
    }
    impl->source.request_stop();
  });
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, &impl_->old_term);
  ::sigaction(SIGINT, &action, &impl_->old_interrupt);
}

SignalStop::~SignalStop() {
  ::sigaction(SIGTERM, &impl_->old_term, nullptr);
  ::sigaction(SIGINT, &impl_->old_interrupt, nullptr);
  wake(impl_->descriptor);
  impl_->watcher.join();
  wake_descriptor = -1;
  ::close(impl_->descriptor);
}

std::stop_token SignalStop::token() const noexcept { return impl_->source.get_token(); }
void SignalStop::request_stop() noexcept { wake(impl_->descriptor); }

}  // namespace omnibus::framework
