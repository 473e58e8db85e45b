#include <csignal>

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <omnibus/store.hpp>

#include "backends/embedded/log/file.hpp"
#include "backends/embedded/log/lock_file.hpp"
#include "backends/embedded/log/tests/support.hpp"

/// Opening, members, blobs, checkpoints, full disks.

namespace omnibus::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreTest : public LogTest {
 protected:
  Error open_error() {
    try {
      open();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorCode::internal, "it opened"};
  }
};

TEST_F(StoreTest, ANewerFormatIsRefusedAndLeftAlone) {
  { auto log = open(); }
  const std::string newer = "omnibus store\nformat 7\nlayout something else\n";
  const auto text = newer + "check " + hex16(crc32c(newer)) + "\n";
  write_bytes(directory / "format", text);
  const auto error = open_error();
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("its format is 7, this program knows up to 1"));
  EXPECT_EQ(read_bytes(directory / "format"), text);
}

TEST_F(StoreTest, ADamagedOrMissingFormatFileIsMadeAnewFromTheSegments) {
  std::string id;
  {
    auto log = open();
    id = log->store_id();
    put(*log, "kept");
  }
  const auto whole = read_bytes(directory / "format");
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    auto damaged = whole;
    if (at < whole.size()) damaged[at] = static_cast<char>(damaged[at] ^ 4);
    write_bytes(directory / "format", damaged);
    if (at == whole.size()) std::filesystem::remove(directory / "format");
    auto log = open();
    ASSERT_EQ(log->store_id(), id) << at;
    ASSERT_THAT(all(*log), ElementsAre("kept"));
  }
  EXPECT_EQ(read_bytes(directory / "format"), whole);
  EXPECT_THAT(reported(), HasSubstr("was missing and was made anew"));
}

TEST_F(StoreTest, TheOtherKindOfStoreIsRefused) {
  { auto log = open(); }
  auto chosen = options();
  chosen.volatile_log = true;
  EXPECT_THROW(open(std::move(chosen)), ConfigError);
}

TEST_F(StoreTest, WhatIsNoDirectoryIsRefused) {
  std::filesystem::remove_all(directory);
  write_bytes(directory, "a file");
  const auto error = open_error();
  EXPECT_EQ(error.code(), ErrorCode::config);
  EXPECT_THAT(error.what(), HasSubstr("is not a directory"));
  std::filesystem::remove(directory);
}

TEST_F(StoreTest, ALookDoesNotMakeAStore) {
  auto chosen = options();
  chosen.create = false;
  for (const auto& path : {directory, directory / "missing"}) {
    chosen.directory = path;
    try {
      open(chosen);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  { auto made = open(); }
  chosen.directory = directory;
  EXPECT_TRUE(open(chosen)->first_member());
}

TEST_F(StoreTest, ADirectoryWithoutPermissionIsRefused) {
  if (::getuid() == 0) {
    // Permissions do not hold root back; a child without them looks instead.
    ::chmod(directory.c_str(), 0700);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
      const auto error = open_error();
      ::_exit(error.code() == ErrorCode::forbidden &&
                      std::string(error.what()).find("Permission denied") != std::string::npos
                  ? 0
                  : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return;
  }
  ::chmod(directory.c_str(), 0500);
  EXPECT_EQ(open_error().code(), ErrorCode::forbidden);
  ::chmod(directory.c_str(), 0700);
}

TEST_F(StoreTest, FilesGetTheDirectorysPermissions) {
  ::chmod(directory.c_str(), 0770);
  auto log = open();
  put(*log, "x");
  struct stat status {};
  for (const auto* name : {"format", "control", "log/0000000000000001.seg"}) {
    ASSERT_EQ(::stat((directory / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0660U) << name;
  }
}

TEST_F(StoreTest, AMadeDirectoryTakesThePermissionsOfItsModel) {
  ::chmod(directory.c_str(), 0750);
  auto chosen = options();
  chosen.directory = directory / "made" / "q0";
  chosen.permissions_like = directory;
  auto log = open(chosen);
  struct stat status {};
  ASSERT_EQ(::stat(chosen.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0750U);
}

TEST_F(StoreTest, LocksExcludeHandlesOfTheSameProcess) {
  auto one = LockFile::open(directory / "lock", 0600);
  auto two = LockFile::open(directory / "lock", 0600);
  EXPECT_TRUE(one.try_lock(7));
  EXPECT_TRUE(one.try_lock(7)) << "a handle's own lock is no obstacle";
  EXPECT_FALSE(two.try_lock(7));
  EXPECT_TRUE(two.held_elsewhere(0, 100));
  EXPECT_FALSE(two.held_elsewhere(8, 100));
  one.unlock(7);
  EXPECT_TRUE(two.try_lock(7));
}

TEST_F(StoreTest, BlobsAreWrittenVerifiedAndRemoved) {
  auto log = open();
  const std::string body(300'000, 'b');
  const auto blob = log->write_blob(body);
  const auto mapped = log->open_blob(blob);
  EXPECT_EQ(mapped->bytes(), body);
  ASSERT_EQ(log->blobs().size(), 1U);
  EXPECT_EQ(log->blobs()[0].id, blob.id);
  log->remove_blob(blob.id);
  log->remove_blob(blob.id);
  EXPECT_EQ(mapped->bytes(), body) << "an open mapping stays";
  EXPECT_TRUE(log->blobs().empty());
  try {
    log->open_blob(blob);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
  }
}

TEST_F(StoreTest, OnlyTheFirstMemberIsToldOfLeftoverBlobs) {
  BlobId left = 0;
  {
    auto log = open();
    left = log->write_blob("never committed").id;
    EXPECT_TRUE(log->leftover_blobs().empty());
  }
  auto first = open();
  ASSERT_EQ(first->leftover_blobs().size(), 1U);
  EXPECT_EQ(first->leftover_blobs()[0].id, left);
  first->write_blob("on its way");
  EXPECT_TRUE(open()->leftover_blobs().empty());
}

TEST_F(StoreTest, ADamagedBlobIsRefused) {
  auto log = open();
  const auto blob = log->write_blob("some body");
  const auto path = directory / "blobs" / (hex16(blob.id) + ".blob");
  for (const auto* content : {"some bodY", "some body and more", "some", ""}) {
    write_bytes(path, content);
    try {
      log->open_blob(blob);
      FAIL() << content;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
    }
  }
}

TEST_F(StoreTest, AVolatileStoreBoundsItsBlobs) {
  auto chosen = options();
  chosen.volatile_log = true;
  chosen.ring_bytes = 100'000;
  auto log = open(std::move(chosen));
  const std::string body(30'000, 'b');
  Blob last;
  for (int at = 0; at < 10; ++at) last = log->write_blob(body);
  EXPECT_EQ(log->blobs().size(), 3U);
  EXPECT_EQ(log->open_blob(last)->bytes(), body);
}

TEST_F(StoreTest, TheNewestValidCheckpointIsOffered) {
  {
    auto log = open();
    for (int at = 0; at < 10; ++at) put(*log, "x");
    EXPECT_FALSE(log->checkpoint());
    EXPECT_TRUE(log->write_checkpoint(3, "three"));
    EXPECT_EQ(log->synced(), 10U) << "a checkpoint never knows more than the disk";
    EXPECT_TRUE(log->write_checkpoint(7, "seven"));
    EXPECT_FALSE(log->write_checkpoint(7, "again"));
    EXPECT_FALSE(log->write_checkpoint(5, "older"));
  }
  auto log = open();
  ASSERT_TRUE(log->checkpoint());
  EXPECT_EQ(log->checkpoint()->sequence, 7U);
  EXPECT_EQ(log->checkpoint()->bytes, "seven");
  EXPECT_EQ(all(*log, log->checkpoint()->sequence).size(), 3U);
}

TEST_F(StoreTest, ADamagedCheckpointFallsBackToTheOneBefore) {
  auto log = open();
  for (int at = 0; at < 10; ++at) put(*log, "x");
  log->write_checkpoint(3, "three");
  log->write_checkpoint(7, "seven");
  const auto whole = read_bytes(directory / "checkpoint");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_bytes(directory / "checkpoint", damaged);
    ASSERT_EQ(log->checkpoint()->sequence, 3U) << at;
    write_bytes(directory / "checkpoint", whole.substr(0, at));
    ASSERT_EQ(log->checkpoint()->sequence, 3U) << at;
  }
  std::filesystem::remove(directory / "checkpoint");
  EXPECT_EQ(log->checkpoint()->bytes, "three") << "as if killed between the two steps";
  EXPECT_THAT(reported(), HasSubstr("`checkpoint` is damaged"));
}

TEST_F(StoreTest, AWriterOfCheckpointsKilledAnywhereLeavesAValidOne) {
  for (int round = 0; round < 5; ++round) {
    Worker writer({"checkpoints", directory});
    std::uint64_t said = 0;
    for (int lines = 0; lines < 3 + round; ++lines) said = std::stoull(writer.line());
    writer.kill(SIGKILL);
    writer.wait();
    auto log = open();
    const auto checkpoint = log->checkpoint();
    ASSERT_TRUE(checkpoint);
    EXPECT_GE(checkpoint->sequence, said);
    EXPECT_LE(checkpoint->sequence, log->end());
    EXPECT_EQ(checkpoint->bytes, std::string(10'000, static_cast<char>('a' + checkpoint->sequence % 26)));
  }
  EXPECT_EQ(reported(), "");
}

TEST_F(StoreTest, SequencesGoOnBehindACheckpointEvenWithoutSegments) {
  {
    auto log = open();
    for (int at = 0; at < 10; ++at) put(*log, "x");
    log->write_checkpoint(7, "seven");
  }
  std::filesystem::remove_all(directory / "log");
  std::filesystem::remove(directory / "control");
  auto log = open();
  EXPECT_EQ(log->end(), 7U);
  EXPECT_EQ(put(*log, "new").sequence, 8U);
}

TEST_F(StoreTest, MembersAreSeenAndTheirEndIsTold) {
  auto log = open();
  std::mutex mutex;
  std::vector<Member> gone;
  log->watch([&](const Member& member) {
    const std::lock_guard guard(mutex);
    gone.push_back(member);
  });
  auto gone_count = [&] {
    const std::lock_guard guard(mutex);
    return gone.size();
  };
  Worker killed({"hold", directory});
  ASSERT_EQ(killed.line(), "ready");
  auto other = open();
  ASSERT_EQ(log->members().size(), 3U);
  Member worker;
  for (const auto& member : log->members()) {
    EXPECT_TRUE(log->alive(member.id));
    if (member.pid == killed.pid()) worker = member;
  }
  ASSERT_EQ(worker.pid, killed.pid());
  killed.kill(SIGKILL);
  killed.wait();
  EXPECT_TRUE(eventually([&] { return !log->alive(worker.id); }));
  const auto closed = other->self();
  EXPECT_TRUE(log->alive(closed));
  other.reset();
  EXPECT_FALSE(log->alive(closed));
  EXPECT_EQ(log->members().size(), 1U);
  log->track(closed);  // it may have come and gone between two looks
  EXPECT_TRUE(eventually([&] { return gone_count() == 2; }));
  // The slot is free again, its next holder is somebody else.
  auto again = open();
  EXPECT_NE(again->self(), closed);
  EXPECT_FALSE(log->alive(worker.id));
}

TEST_F(StoreTest, DescriptorsAndMappingsStayFlatOverManyOpenings) {
  auto log = open();
  auto use_one = [&] {
    auto other = open();
    put(*other, "x");
    EXPECT_FALSE(all(*other).empty());
    other->watch([](const Member&) {});
  };
  auto descriptors = [] {
    const std::filesystem::directory_iterator all_of_them("/proc/self/fd");
    return std::distance(begin(all_of_them), end(all_of_them));
  };
  auto store_mappings = [&] {
    const auto maps = read_bytes("/proc/self/maps");
    std::size_t count = 0;
    for (auto at = maps.find(directory.string()); at != std::string::npos;
         at = maps.find(directory.string(), at + 1))
      ++count;
    return count;
  };
  use_one();
  const auto open_before = descriptors();
  const auto mapped_before = store_mappings();
  for (int at = 0; at < 300; ++at) use_one();
  EXPECT_EQ(descriptors(), open_before);
  EXPECT_EQ(store_mappings(), mapped_before);
}

TEST_F(StoreTest, OnlyTheFirstMemberRecovers) {
  auto first = open();
  Worker second({"hold", directory});
  ASSERT_EQ(second.line(), "ready");
  first.reset();
  auto third = open();
  EXPECT_FALSE(third->first_member()) << "the worker still lives";
  second.wait();
  third.reset();
  EXPECT_TRUE(open()->first_member());
}

TEST_F(StoreTest, ALimitOnFileSizesIsATypedErrorAndNoSignal) {
  Worker limited({"limited", directory});
  EXPECT_EQ(limited.line(), "no_space");
  EXPECT_EQ(limited.line(), "readable");
  EXPECT_EQ(limited.wait(), 0);
}

TEST_F(StoreTest, AFullDiskIsATypedErrorAndTheStoreStaysValid) {
  if (::mount("omnibus-test", directory.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "cannot mount a small tmpfs here; the limit on file sizes is tested instead";
  {
    auto log = open();
    const std::string body(1000, 'b');
    std::size_t stored = 0;
    ErrorCode code = ErrorCode::internal;
    try {
      for (; stored < 5000; ++stored) put(*log, body);
    } catch (const Error& error) {
      code = error.code();
      EXPECT_TRUE(error.retryable());
    }
    EXPECT_EQ(code, ErrorCode::no_space);
    EXPECT_GE(stored, 300U);
    EXPECT_EQ(all(*log).size(), stored);
    EXPECT_THROW(log->write_blob(std::string(1 << 20, 'b')), Error);
    // Room again: it goes on.
    log->applied(log->end());
    EXPECT_GT(log->remove_before(log->end()), 0U);
    EXPECT_EQ(put(*log, body).sequence, stored + 1);
  }
  {
    auto log = open();
    EXPECT_EQ(all(*log).back(), std::string(1000, 'b'));
  }
  ::umount2(directory.c_str(), MNT_DETACH);
}

TEST_F(StoreTest, AFaultingPageIsAnErrorAndNotTheEnd) {
  install_store_signals();
  auto chosen = options();
  auto log = open(std::move(chosen));
  std::vector<FrameView> frames;
  const std::string body(3000, 'b');
  for (int at = 0; at < 10; ++at) frames.push_back(put(*log, body));
  // As a failing disk: the pages behind the first are not to be had.
  ASSERT_EQ(::truncate((directory / "log" / "0000000000000001.seg").c_str(), 4096), 0);
  EXPECT_EQ(log->read_at(frames[0].position).sequence, 1U);
  try {
    log->read_at(frames[5].position);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
  }
  auto cursor = log->cursor(5);
  FrameView frame;
  Gap gap;
  ASSERT_EQ(log->read(cursor, frame, gap), ReadResult::gap);
  EXPECT_EQ(gap.reason, Gap::Reason::io);
  try {
    put(*log, body);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
  }
}

}  // namespace
}  // namespace omnibus::embedded::testing
