#pragma once

/// Open-file-description locks on bytes of one file: they belong to the open file, not to the process, so two
/// handles of one process exclude each other, and they vanish with their holder, however it ends.

#include <cstdint>
#include <filesystem>
#include <optional>

#include <omnibus/time.hpp>

#include "backends/embedded/log/file.hpp"

namespace omnibus::embedded {

/// Threads: any; locks taken by one thread count as held by all of this handle.
class LockFile {
 public:
  static constexpr std::uint64_t open_byte = 0;        ///< held while a member recovers or joins
  static constexpr std::uint64_t checkpoint_byte = 1;  ///< held while a checkpoint is written
  static constexpr std::uint64_t first_member_byte = 64;

  /// Opens or makes the file and proves that its locks exclude. Errors: config.
  static LockFile open(const std::filesystem::path& path, mode_t mode);

  /// Opens an existing file for share() and held_elsewhere(), which need no right to write. Empty when there
  /// is none. Errors: forbidden, io.
  static std::optional<LockFile> look(const std::filesystem::path& path);

  /// False when somebody else holds it. Errors: io.
  bool try_lock(std::uint64_t byte);
  /// Waits with growing pauses. Errors: unavailable at `deadline`.
  void lock(std::uint64_t byte, TimePoint deadline);
  /// The same together with others that share; who wants it alone waits. Errors: unavailable at `deadline`.
  void share(std::uint64_t byte, TimePoint deadline);
  void unlock(std::uint64_t byte) noexcept;
  /// Whether another handle, of this or another process, holds one of the bytes. False when it cannot be
  /// told.
  bool held_elsewhere(std::uint64_t byte, std::uint64_t count = 1) const noexcept;

  /// For the child of a fork: drops the shared descriptor without unlocking. Async-signal-safe.
  void abandon() noexcept { file_.reset(); }
  explicit operator bool() const noexcept { return static_cast<bool>(file_); }

 private:
  LockFile(FileDescriptor file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}
  void prove_exclusion(mode_t mode);
  bool try_take(short type, std::uint64_t byte);
  void take(short type, std::uint64_t byte, TimePoint deadline);

  FileDescriptor file_;
  std::filesystem::path path_;
};

}  // namespace omnibus::embedded
