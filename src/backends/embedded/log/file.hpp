#pragma once

/// Files and the errors of the operating system. Threads: free functions are safe from any thread.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <omnibus/error.hpp>

#include <sys/types.h>

namespace omnibus::embedded {

/// Owns a descriptor; -1 when empty.
class FileDescriptor {
 public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int value) noexcept : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~FileDescriptor() { reset(); }
  int get() const noexcept { return value_; }
  explicit operator bool() const noexcept { return value_ >= 0; }
  void reset() noexcept;

 private:
  int value_ = -1;
};

/// "cannot <action> <path>: <reason>" with the code that belongs to `error` (an errno value).
Error system_error(std::string_view action, const std::filesystem::path& path, int error);

/// Opens with O_CLOEXEC. Errors: see system_error; not_found when there is no such file.
FileDescriptor open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);
/// The same, empty when there is no such file.
std::optional<FileDescriptor> open_existing(const std::filesystem::path& path, int flags);

std::uint64_t file_size(int descriptor, const std::filesystem::path& path);

/// Gives the file `size` bytes of reserved, unwritten space. A limit on file sizes is an error, not a signal.
/// Errors: no_space, io.
void allocate(int descriptor, std::size_t size, const std::filesystem::path& path);
/// Makes `size` bytes at `offset` read as zeros without writing them where the file system can. Errors: io.
void zero_range(int descriptor, std::uint64_t offset, std::uint64_t size, const std::filesystem::path& path);

/// Writes all of it. Errors: no_space, io.
void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path);
/// Up to `size` bytes at `offset`; fewer at the end of the file. Errors: io.
std::string read_at(int descriptor, std::uint64_t offset, std::size_t size,
                    const std::filesystem::path& path);
/// The whole file; nullopt when there is none. Errors: io.
std::optional<std::string> read_file(const std::filesystem::path& path);

void sync_data(int descriptor, const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& path);

/// Writes `bytes` to `temporary` and renames it to `path`, so that a reader sees the old or the new file;
/// synced before and after when `durable`.
void replace_file(const std::filesystem::path& path, const std::filesystem::path& temporary,
                  std::string_view bytes, mode_t mode, bool durable);

void remove_quietly(const std::filesystem::path& path) noexcept;

/// A number from the kernel's generator, never 0.
std::uint64_t random_number();

/// 16 lower-case hex digits, so that names sort like numbers.
std::string hex16(std::uint64_t value);
/// The reverse; nullopt for anything else.
std::optional<std::uint64_t> parse_hex16(std::string_view text) noexcept;

}  // namespace omnibus::embedded
