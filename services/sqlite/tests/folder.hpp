#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace omnibus::sqlite {

/// A fresh folder, removed with this object. Threads: a plain object.
class TestFolder {
 public:
  TestFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "omnibus-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), pattern);
    }
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code ignored;  // a temporary folder; the system clears what is left
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace omnibus::sqlite
