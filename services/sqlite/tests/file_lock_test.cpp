#include "services/sqlite/file_lock.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "core/tests/thrown.hpp"
#include "services/sqlite/tests/folder.hpp"

namespace omnibus::sqlite {
namespace {

TEST(FileLock, IsHeldOnce) {
  const TestFolder folder;
  const auto file = folder.path() / "sub" / "lock";
  std::optional<FileLock> first(std::in_place, file, "library");
  const auto refused = error_of([&] { FileLock(file, "library"); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), ErrorCode::conflict);
  EXPECT_TRUE(refused->retryable());
  EXPECT_EQ(refused->message(), "another process uses the library " + file.parent_path().string());
  first.reset();
  const FileLock second(file, "library");
}

TEST(FileLock, NamesAFolderThatCannotBe) {
  const TestFolder folder;
  { const FileLock file(folder.path() / "file", "library"); }
  EXPECT_CODE(FileLock(folder.path() / "file" / "lock", "library"), ErrorCode::io);
}

}  // namespace
}  // namespace omnibus::sqlite
