#include "services/librarian/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <omnibus/error.hpp>

namespace omnibus::librarian {
namespace {

[[noreturn]] void fail(std::string_view doing, const std::filesystem::path& path, int why) {
  const auto code = why == ENOSPC || why == EDQUOT                  ? ErrorCode::no_space
                    : why == ENOENT                                 ? ErrorCode::not_found
                    : why == EACCES || why == EPERM || why == EROFS ? ErrorCode::forbidden
                                                                    : ErrorCode::io;
  throw Error(code, "cannot " + std::string(doing) + " " + path.string() + ": " +
                        std::generic_category().message(why));
}

}  // namespace

File::File(std::filesystem::path path, int flags)
    : path_(std::move(path)), file_(::open(path_.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
  if (file_ < 0) fail("open", path_, errno);
}

File File::create(const std::filesystem::path& path) { return {path, O_CREAT | O_EXCL | O_WRONLY}; }
File File::open(const std::filesystem::path& path) { return {path, O_RDONLY}; }

File::~File() { ::close(file_); }

std::size_t File::size() const {
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("look at", path_, errno);
  return static_cast<std::size_t>(status.st_size);
}

std::size_t File::read(std::span<char> buffer) const {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto got = ::read(file_, buffer.data() + filled, buffer.size() - filled);
    if (got == 0) break;
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      fail("read", path_, errno);
    }
  }
  return filled;
}

void File::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail("write", path_, errno);
    }
  }
}

void File::sync() const {
  if (::fsync(file_) != 0) fail("write", path_, errno);
}

void sync_folder(const std::filesystem::path& folder) { File::open(folder).sync(); }

}  // namespace omnibus::librarian
