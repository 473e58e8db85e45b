#include "services/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <omnibus/error.hpp>

namespace omnibus::sqlite {

FileLock::FileLock(const std::filesystem::path& file, std::string_view what) {
  std::error_code ignored;  // a folder that is missing fails the open below, with the path in the message
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  const auto name = std::string(what) + " " + file.parent_path().string();
  file_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file_ < 0) {
    const int why = errno;
    throw Error(why == EACCES || why == EPERM || why == EROFS ? ErrorCode::forbidden : ErrorCode::io,
                "cannot open " + name + ": " + std::generic_category().message(why),
                {.hint = "check that the folder exists and may be written"});
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(file_);
  if (why != EWOULDBLOCK) {
    throw Error(ErrorCode::io, "cannot lock " + name + ": " + std::generic_category().message(why));
  }
  throw Error(ErrorCode::conflict, "another process uses the " + name,
              {.retryable = true, .hint = "stop it, or name another one"});
}

FileLock::~FileLock() { ::close(file_); }

}  // namespace omnibus::sqlite
