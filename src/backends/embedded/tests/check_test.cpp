// What check_store() finds in stores that are sound, damaged, torn and in use.
#include <omnibus/store.hpp>

#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/tests/sample_store.hpp"

namespace omnibus::embedded::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using End = SampleStore::End;

constexpr const char* segment_name = "log/0000000000000001.seg";

/// Flips a bit of one file of the store.
void flip(const std::filesystem::path& file, std::size_t at) {
  auto bytes = read_file_of(file);
  ASSERT_LT(at, bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_file_of(file, bytes);
}

class Check : public ::testing::TestWithParam<End> {};
INSTANTIATE_TEST_SUITE_P(Ends, Check, ::testing::Values(End::closed, End::killed, End::power),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(Check, FindsASoundStoreSoundAndChangesNothing) {
  const SampleStore store(GetParam());
  store.restore();
  const auto check = check_store(store.path());
  EXPECT_TRUE(check.sound()) << check.damage.front().file << ": " << check.damage.front().what;
  EXPECT_TRUE(check.opens);
  EXPECT_THAT(check.cut, SizeIs(0));
  EXPECT_EQ(check.segments, 1U);
  EXPECT_EQ(check.first, 1U);
  EXPECT_EQ(check.frames, check.last);
  EXPECT_EQ(check.checkpoints, GetParam() == End::closed ? 1U : 0U);
  EXPECT_EQ(check.queues, 2U);
  EXPECT_EQ(check.subscriptions, 2U);
  EXPECT_EQ(check.messages, store.sent().size());
  EXPECT_EQ(check.bodies, 1U);
  EXPECT_EQ(check.unnamed_bodies, 0U);
  EXPECT_EQ(store.read(), store.files());
}

TEST_P(Check, TellsADamagedFrameWithPlaceAndSequence) {
  const SampleStore store(GetParam());
  store.restore();
  const auto whole = read_file_of(store.segment());
  const auto at = whole.find("message 4");
  ASSERT_NE(at, std::string::npos);
  flip(store.segment(), at);
  const auto check = check_store(store.path());
  if (GetParam() == End::power) {
    // Nobody knows that it was synced: the next opening cuts it and all that is behind it.
    EXPECT_TRUE(check.sound());
    ASSERT_THAT(check.cut, SizeIs(1));
    EXPECT_LE(check.cut.front().offset, at);
    EXPECT_GE(check.cut.front().offset + check.cut.front().bytes, at);
    EXPECT_THAT(check.cut.front().what, HasSubstr("torn tail"));
    return;
  }
  EXPECT_EQ(check.lost_sequences(), 1U);
  ASSERT_FALSE(check.sound());
  const auto& found = check.damage.front();
  EXPECT_EQ(found.file, segment_name);
  EXPECT_LE(found.offset, at);
  EXPECT_GE(found.offset + found.bytes, at);
  EXPECT_EQ(check.messages, store.sent().size() - 1);
  EXPECT_EQ(check.lost_messages, GetParam() == End::closed ? 1U : 0U) << "as far as a checkpoint tells";
}

TEST(CheckStore, TellsADamagedAndAMissingBody) {
  const SampleStore store(End::closed);
  store.restore();
  flip(store.body(), 100);
  auto check = check_store(store.path());
  ASSERT_THAT(check.damage, SizeIs(1));
  EXPECT_THAT(check.damage.front().file, HasSubstr("blobs/"));
  EXPECT_THAT(check.damage.front().what, HasSubstr("message 9 of q1/tg/flow/a"));
  EXPECT_EQ(check.lost_messages, 1U);
  std::filesystem::remove(store.body());
  check = check_store(store.path());
  ASSERT_THAT(check.damage, SizeIs(1));
  EXPECT_EQ(check.lost_messages, 1U);
}

TEST(CheckStore, TellsDamageThatLosesNothing) {
  const SampleStore store(End::closed);
  for (const auto& [file, at] :
       {std::pair("format", 20), {"checkpoint", 60}, {segment_name, 40}, {segment_name, 550}}) {
    store.restore();
    flip(store.path() / file, static_cast<std::size_t>(at));
    const auto check = check_store(store.path());
    EXPECT_THAT(check.damage, ElementsAre(Field(&StoreDamage::file, file))) << at;
    EXPECT_EQ(check.lost_sequences(), 0U);
    EXPECT_EQ(check.messages, store.sent().size());
  }
}

TEST(CheckStore, TellsAFileThatWasCutShort) {
  const SampleStore store(End::killed);
  store.restore();
  std::filesystem::resize_file(store.segment(), 2000);
  const auto check = check_store(store.path());
  ASSERT_THAT(check.damage, SizeIs(2));
  EXPECT_EQ(check.damage[0].offset, 2000U);
  EXPECT_THAT(check.damage[0].what, HasSubstr("missing"));
  EXPECT_EQ(check.damage[1].first, check.last + 1);
  EXPECT_GT(check.damage[1].last, check.last);
}

TEST(CheckStore, TellsAStoreThatCannotBeOpened) {
  const SampleStore store(End::killed);
  store.restore();
  std::filesystem::resize_file(store.segment(), 20);
  const auto check = check_store(store.path());
  EXPECT_FALSE(check.opens);
  EXPECT_EQ(check.frames, 0U);
  EXPECT_THROW(SmallOpening{store.path()}, Error);
}

TEST(CheckStore, LooksAtAStoreInUse) {
  const SampleStore store(End::closed);
  store.restore();
  SmallOpening bus(store.path());
  auto out = bus.producer("a", "q");
  for (int i = 0; i < 500; ++i) {
    ASSERT_FALSE(send(*out, std::string(100, 'y'), static_cast<std::uint64_t>(i) + 1));
    if (i % 50 != 0) continue;
    const auto check = check_store(store.path());
    ASSERT_TRUE(check.in_use);
    ASSERT_TRUE(check.sound()) << check.damage.front().file << ": " << check.damage.front().what;
    ASSERT_EQ(check.messages, store.sent().size() + static_cast<std::size_t>(i) + 1);
  }
}

TEST(CheckStore, TellsHowFarItIs) {
  const SampleStore store(End::closed);
  store.restore();
  std::uint64_t last = 0, all = 0;
  check_store(store.path(), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  });
  EXPECT_EQ(last, all);
  EXPECT_GE(all, std::filesystem::file_size(store.segment()) + std::filesystem::file_size(store.body()));
}

/// What `call` throws; internal when it does not.
ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(CheckStore, RefusesACheckpointOfAnotherVersionAsAnOpeningDoes) {
  const SampleStore store(End::closed);
  store.restore();
  const CheckpointFile file(store.path(), 0600);
  auto newest = file.all().front();
  ++newest.bytes[sizeof(std::uint64_t)];  // its version stands behind the oldest segment
  file.store(newest.sequence, newest.bytes);
  EXPECT_EQ(code_of([&] { check_store(store.path()); }), ErrorCode::unsupported);
  EXPECT_EQ(code_of([&] { Opening(store.path()); }), ErrorCode::unsupported);
}

TEST(CheckStore, RefusesWhatIsNoStore) {
  const TemporaryDirectory directory;
  EXPECT_EQ(code_of([&] { check_store(directory.store()); }), ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(directory.store()));
}

}  // namespace
}  // namespace omnibus::embedded::test
