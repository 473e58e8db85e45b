/// Stands before the C library in this program: what makes files larger fails while the disk is full.

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/embedded/tests/load/full_disk.hpp"

namespace {

using omnibus::embedded::test::FullDisk;
using omnibus::embedded::test::SlowWrites;

bool is_full() { return FullDisk::full.load(); }

bool is_file(int descriptor) {
  struct stat status {};
  return descriptor > STDERR_FILENO && ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write_now(int descriptor, const void* bytes, size_t size) {
  return ::syscall(SYS_write, descriptor, bytes, size);
}

}  // namespace

extern "C" {

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  if (is_full()) return ENOSPC;
  return ::syscall(SYS_fallocate, descriptor, 0, offset, size) == 0 ? 0 : errno;
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (is_full() && is_file(descriptor)) {
    errno = ENOSPC;
    return -1;
  }
  const auto* const slow = SlowWrites::current.load();
  if (slow == nullptr || size <= (size_t{1} << 20)) return write_now(descriptor, bytes, size);
  const auto written = write_now(descriptor, bytes, size / 2);
  slow->pause();
  return written;
}

}  // extern "C"
