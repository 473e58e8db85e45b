#pragma once

#include <filesystem>
#include <string_view>

namespace omnibus::sqlite {

/// Held by one process at a time; its end lets go of it, however it comes. Threads: a plain object.
class FileLock {
 public:
  /// Makes the file and the folders above it. `what` names the store in errors: "library".
  /// Errors: Error{conflict}, retryable, when somebody holds it; Error{forbidden}, Error{io}.
  FileLock(const std::filesystem::path& file, std::string_view what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace omnibus::sqlite
