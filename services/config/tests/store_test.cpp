#include "services/config/store.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "core/tests/thrown.hpp"

namespace omnibus::config {
namespace {

class ConfigStore : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("omnibus-config-store-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "sub" / "config.sqlite"; }

  std::filesystem::path folder_;
};

TEST_F(ConfigStore, StartsEmptyAtVersionZero) {
  const Store store(file());
  EXPECT_EQ(store.version(), 0);
  EXPECT_TRUE(store.snapshot().values.empty());
  EXPECT_EQ(store.get("t", "k"), std::nullopt);
  EXPECT_TRUE(store.values("t").empty());
}

TEST_F(ConfigStore, IsForItsOwnerOnlyWhateverTheUmask) {
  const auto mask = ::umask(0);
  Store store(file());
  store.apply({.put = {{"t", "k", "1"}}, .remove = {}});
  ::umask(mask);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(std::filesystem::status(file().string() + suffix).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << suffix;
  }
}

TEST_F(ConfigStore, RaisesTheVersionOncePerChange) {
  Store store(file());
  EXPECT_EQ(store.apply({.put = {{"t", "b", "1"}, {"t", "a", "\"two\""}}, .remove = {}}).version, 1);
  EXPECT_EQ(store.apply({.put = {{"t", "b", "3"}}, .remove = {{"t", "a"}, {"no", "such"}}}).version, 2);
  EXPECT_EQ(store.get("t", "b"), "3");
  EXPECT_EQ(store.get("t", "a"), std::nullopt);
}

TEST_F(ConfigStore, ListsInTheOrderOfKeys) {
  Store store(file());
  store.apply(
      {.put = {{"t", "b", "1"}, {"t", "a", "2"}, {"t", "\xc3\xa9", "3"}, {"s", "c", "4"}}, .remove = {}});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(store.values("t"), (Pairs{{"a", "2"}, {"b", "1"}, {"\xc3\xa9", "3"}}));
}

TEST_F(ConfigStore, KeepsEverythingOverARestart) {
  const std::string odd("nul \0 inside", 12);
  { Store(file()).apply({.put = {{"t", "k", odd}, {"", "", ""}}, .remove = {}}); }
  const Store again(file());
  EXPECT_EQ(again.version(), 1);
  EXPECT_EQ(again.get("t", "k"), odd);
  EXPECT_EQ(again.get("", ""), "");
}

TEST_F(ConfigStore, RefusesAChangeOfAnotherVersion) {
  Store store(file());
  store.apply({.put = {{"t", "k", "1"}}, .remove = {}}, 0);
  EXPECT_EQ(code_of([&] { store.apply({.put = {{"t", "k", "2"}}, .remove = {}}, 0); }), ErrorCode::conflict);
  EXPECT_EQ(store.version(), 1);
  EXPECT_EQ(store.get("t", "k"), "1");
}

TEST_F(ConfigStore, ChangesNothingWhenTheResultIsRefused) {
  Store store(file());
  EXPECT_THROW(store.apply({.put = {{"t", "k", "1"}}, .remove = {}}, std::nullopt,
                           [](const Snapshot& result) {
                             EXPECT_EQ(result.version, 1);
                             throw Error(ErrorCode::too_large, "no");
                           }),
               Error);
  EXPECT_EQ(store.version(), 0);
  EXPECT_TRUE(store.snapshot().values.empty());
}

TEST_F(ConfigStore, LetsTwoProcessesShareTheFile) {
  Store first(file());
  Store second(file());
  std::jthread other([&] {
    for (int i = 0; i < 50; ++i) second.apply({.put = {{"b", std::to_string(i), ""}}, .remove = {}});
  });
  for (int i = 0; i < 50; ++i) first.apply({.put = {{"a", std::to_string(i), ""}}, .remove = {}});
  other.join();
  EXPECT_EQ(first.version(), 100);
  EXPECT_EQ(first.values("b").size(), 50u);
}

TEST_F(ConfigStore, RefusesWhatIsNotItsOwn) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file())
      << "this is no database at all, but long enough to be looked at by the library ..........";
  EXPECT_EQ(code_of([&] { Store store(file()); }), ErrorCode::corrupt);
}

TEST_F(ConfigStore, LeavesAnotherProgramsDatabaseAsItIs) {
  std::filesystem::create_directories(file().parent_path());
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "CREATE TABLE own (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  const auto bytes = [this] {
    std::ifstream in(file(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto before = bytes();
  EXPECT_EQ(code_of([&] { Store store(file()); }), ErrorCode::config);
  EXPECT_TRUE(bytes() == before);
}

TEST_F(ConfigStore, RefusesANewerFormat) {
  { const Store store(file()); }
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "PRAGMA user_version=9", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  EXPECT_EQ(code_of([&] { Store store(file()); }), ErrorCode::config);
}

TEST_F(ConfigStore, NamesTheFileItCannotOpen) {
  std::filesystem::create_directories(file());
  try {
    Store store(file());
    FAIL() << "opened a folder";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file().string()), std::string::npos) << error.what();
    EXPECT_EQ(error.code(), ErrorCode::forbidden);
  }
}

}  // namespace
}  // namespace omnibus::config
