#include "backends/embedded/log/lock_file.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <fcntl.h>

namespace omnibus::embedded {
namespace {

struct flock range(short type, std::uint64_t byte, std::uint64_t count) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = static_cast<off_t>(count);
  return lock;
}

}  // namespace

LockFile LockFile::open(const std::filesystem::path& path, mode_t mode) {
  LockFile file(open_file(path, O_RDWR | O_CREAT, mode), path);
  file.prove_exclusion(mode);
  return file;
}

void LockFile::prove_exclusion(mode_t mode) {
  // A byte of its own far behind the others, so that openers do not meet here.
  const auto byte = (std::uint64_t{1} << 40) + (random_number() >> 24);
  LockFile other(open_file(path_, O_RDWR | O_CREAT, mode), path_);
  const bool works = try_lock(byte) && !other.try_lock(byte) && other.held_elsewhere(byte);
  unlock(byte);
  if (!works || !other.try_lock(byte))
    throw Error(ErrorCode::config, "cannot open the store: file locks do not work at " + path_.string(),
                {.backend = "embedded", .hint = "put the store on a local file system"});
}

std::optional<LockFile> LockFile::look(const std::filesystem::path& path) {
  auto file = open_existing(path, O_RDONLY);
  if (!file) return std::nullopt;
  return LockFile(std::move(*file), path);
}

bool LockFile::try_take(short type, std::uint64_t byte) {
  auto lock = range(type, byte, 1);
  while (::fcntl(file_.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) throw system_error("lock", path_, errno);
  }
  return true;
}

bool LockFile::try_lock(std::uint64_t byte) { return try_take(F_WRLCK, byte); }
void LockFile::lock(std::uint64_t byte, TimePoint deadline) { take(F_WRLCK, byte, deadline); }
void LockFile::share(std::uint64_t byte, TimePoint deadline) { take(F_RDLCK, byte, deadline); }

void LockFile::take(short type, std::uint64_t byte, TimePoint deadline) {
  auto pause = std::chrono::microseconds(200);
  while (!try_take(type, byte)) {
    if (Clock::now() >= deadline)
      throw Error(
          ErrorCode::unavailable,
          "cannot open the store: another process has been opening it for long, see " + path_.string(),
          {.retryable = true, .backend = "embedded", .hint = "it may be stopped; continue it or end it"});
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(20'000));
  }
}

void LockFile::unlock(std::uint64_t byte) noexcept {
  auto lock = range(F_UNLCK, byte, 1);
  ::fcntl(file_.get(), F_OFD_SETLK, &lock);
}

bool LockFile::held_elsewhere(std::uint64_t byte, std::uint64_t count) const noexcept {
  auto lock = range(F_WRLCK, byte, count);
  return ::fcntl(file_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace omnibus::embedded
