#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace omnibus::librarian {

/// An open file. Errors of every call: Error{no_space}, Error{forbidden}, Error{not_found}, Error{io}, naming
/// the path. Threads: one caller at a time.
class File {
 public:
  /// A new one, for its owner only.
  static File create(const std::filesystem::path& path);
  static File open(const std::filesystem::path& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::size_t size() const;
  /// Fills `buffer` unless the end comes first; returns how much was read.
  std::size_t read(std::span<char> buffer) const;
  void write(std::string_view bytes) const;
  /// Returns when the disk has it.
  void sync() const;

 private:
  File(std::filesystem::path path, int flags);

  std::filesystem::path path_;
  int file_;
};

/// Returns when the disk has the folder's names.
void sync_folder(const std::filesystem::path& folder);

}  // namespace omnibus::librarian
