/// Stands before the C library in this program, so that a Disk sees every sync and every change of a name.

#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <stdio.h>  // NOLINT(modernize-deprecated-headers): POSIX's rename
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/embedded/tests/power/disk.hpp"

namespace {

using omnibus::embedded::test::Disk;

void tell(const char* path) {
  if (auto* const disk = Disk::watching(); disk != nullptr) disk->event(path);
}

int sync_file(int descriptor, long call) {
  auto* const disk = Disk::watching();
  auto sync = disk == nullptr ? std::nullopt : disk->begin(descriptor);
  if (!sync) return static_cast<int>(::syscall(call, descriptor));
  // As long as a disk takes: others go on writing, and wait for this one.
  std::this_thread::sleep_for(std::chrono::microseconds(100 + sync->order % 7 * 100));
  disk->complete(std::move(*sync));
  return 0;
}

}  // namespace

extern "C" {

int fsync(int descriptor) { return sync_file(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return sync_file(descriptor, SYS_fdatasync); }

int unlink(const char* path) noexcept {
  tell(path);
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int link(const char* from, const char* to) noexcept {
  tell(to);
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int rename(const char* from, const char* to) noexcept {
  tell(to);
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

}  // extern "C"
