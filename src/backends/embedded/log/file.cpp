#include "backends/embedded/log/file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace omnibus::embedded {
namespace {

/// While it lives, growing a file past the limit on file sizes fails with EFBIG and raises nothing: SIGXFSZ
/// is blocked in this thread and consumed if it came. The process's signal dispositions stay as they are.
class FileSizeSignalBlock {
 public:
  FileSizeSignalBlock() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGXFSZ);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~FileSizeSignalBlock() {
    const int error = errno;
    const timespec now{};
    if (!was_pending_) sigtimedwait(&set_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  FileSizeSignalBlock(const FileSizeSignalBlock&) = delete;
  FileSizeSignalBlock& operator=(const FileSizeSignalBlock&) = delete;

 private:
  sigset_t set_, before_;
  bool was_pending_ = false;
};

ErrorCode code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::forbidden;
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorCode::config;
    case ENOENT:
      return ErrorCode::not_found;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::io;
  }
}

std::string hint_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free space on the disk that holds the store";
    case EFBIG:
      return "raise the limit on file sizes (ulimit -f)";
    case EACCES:
    case EPERM:
      return "give this user read and write permission to the store's directory";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n)";
    case EROFS:
      return "the file system is mounted read-only; put the store elsewhere";
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return "check the path of the store";
    case ENOMEM:
      return "free memory, or raise the limit on it";
    default:
      return "check the disk; the kernel's log may tell more";
  }
}

}  // namespace

void FileDescriptor::reset() noexcept {
  if (value_ >= 0) ::close(std::exchange(value_, -1));
}

Error system_error(std::string_view action, const std::filesystem::path& path, int error) {
  const auto code = code_of(error);
  std::string reason = std::error_code(error, std::generic_category()).message();
  return {code,
          "cannot " + std::string(action) + " " + path.string() + ": " + reason,
          {.retryable = code == ErrorCode::no_space || code == ErrorCode::unavailable,
           .backend = "embedded",
           .native = std::move(reason),
           .hint = hint_of(error)}};
}

FileDescriptor open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  int descriptor = -1;
  do descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) throw system_error("open", path, errno);
  FileDescriptor file(descriptor);
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) ::fchmod(descriptor, mode);
  return file;
}

std::optional<FileDescriptor> open_existing(const std::filesystem::path& path, int flags) {
  try {
    return open_file(path, flags);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return std::nullopt;
    throw;
  }
}

std::uint64_t file_size(int descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw system_error("examine", path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

void allocate(int descriptor, std::size_t size, const std::filesystem::path& path) {
  const FileSizeSignalBlock block;
  int error = EINTR;
  while (error == EINTR) error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  if (error != 0) throw system_error("reserve space for", path, error);
}

void zero_range(int descriptor, std::uint64_t offset, std::uint64_t size, const std::filesystem::path& path) {
  const auto begin = static_cast<off_t>(offset);
  const auto length = static_cast<off_t>(size);
  if (size == 0 || ::fallocate(descriptor, FALLOC_FL_ZERO_RANGE, begin, length) == 0) return;
  if (::fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, length) == 0) {
    allocate(descriptor, offset + size, path);
    return;
  }
  static constexpr std::array<char, 4096> zeros{};
  for (std::uint64_t done = 0; done < size;) {
    const auto part = std::min<std::uint64_t>(zeros.size(), size - done);
    const auto written = ::pwrite(descriptor, zeros.data(), part, static_cast<off_t>(offset + done));
    if (written < 0 && errno != EINTR) throw system_error("clear", path, errno);
    if (written > 0) done += static_cast<std::uint64_t>(written);
  }
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  const FileSizeSignalBlock block;
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) throw system_error("write", path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_at(int descriptor, std::uint64_t offset, std::size_t size,
                    const std::filesystem::path& path) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(descriptor, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno != EINTR) throw system_error("read", path, errno);
    if (got == 0) break;
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
  const auto file = open_existing(path, O_RDONLY);
  if (!file) return std::nullopt;
  return read_at(file->get(), 0, file_size(file->get(), path), path);
}

void sync_data(int descriptor, const std::filesystem::path& path) {
  int result = -1;
  do result = ::fdatasync(descriptor);
  while (result != 0 && errno == EINTR);
  if (result != 0) throw system_error("sync", path, errno);
}

void sync_directory(const std::filesystem::path& path) {
  const auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (::fsync(directory.get()) != 0) throw system_error("sync", path, errno);
}

void replace_file(const std::filesystem::path& path, const std::filesystem::path& temporary,
                  std::string_view bytes, mode_t mode, bool durable) {
  remove_quietly(temporary);
  try {
    const auto file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    write_all(file.get(), bytes, temporary);
    if (durable) sync_data(file.get(), temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw system_error("replace", path, errno);
  } catch (...) {
    remove_quietly(temporary);
    throw;
  }
  if (durable) sync_directory(path.parent_path());
}

void remove_quietly(const std::filesystem::path& path) noexcept { ::unlink(path.c_str()); }

std::uint64_t random_number() {
  std::uint64_t value = 0;
  while (value == 0) {
    if (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) value = 0;
  }
  return value;
}

std::string hex16(std::uint64_t value) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t place = 16; place > 0 && value != 0; value >>= 4) text[--place] = digits[value & 15];
  return text;
}

std::optional<std::uint64_t> parse_hex16(std::string_view text) noexcept {
  if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

}  // namespace omnibus::embedded
