#include "backends/mqtt/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <tuple>
#include <vector>

#include <omnibus/error.hpp>

#include "backends/mqtt/tests/scratch_folder.hpp"

namespace omnibus::mqtt {
namespace {

using testing::HasSubstr;
using What = Journal::What;
using Record = std::tuple<What, std::uint16_t, std::uint64_t>;

constexpr std::size_t mark_size = 8, record_size = 12;

const std::vector<Record> samples{{What::published, 1, 7},   {What::released, 1, 0},
                                  {What::completed, 1, 0},   {What::published, 0xffff, 0xfedc'ba98'7654'3210},
                                  {What::failed, 0xffff, 0}, {What::received, 256, 0},
                                  {What::forgotten, 256, 0}};

void add_all(Journal& journal, const std::vector<Record>& records) {
  for (const auto& [what, id, sequence] : records)
    journal.add({.what = what, .id = id, .sequence = sequence});
}

std::vector<Record> records_in(const ScratchFolder& folder, const std::vector<Record>& more = {}) {
  std::vector<Record> found;
  Journal journal(folder.str(), "one", [&](const Journal::Record& record) {
    found.emplace_back(record.what, record.id, record.sequence);
  });
  add_all(journal, more);
  return found;
}

std::optional<Error> error_of_opening(const std::string& folder) {
  try {
    Journal journal(folder, "one", [](const Journal::Record&) {});
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

TEST(Journal, TellsWhatWasAddedWhenItIsOpenedAgain) {
  const ScratchFolder folder;
  EXPECT_TRUE(records_in(folder, samples).empty());
  EXPECT_EQ(records_in(folder), samples);
}

TEST(Journal, MakesItsFolder) {
  const ScratchFolder folder;
  Journal journal(folder.file("a/b"), "one", [](const Journal::Record&) {});
  EXPECT_TRUE(std::filesystem::exists(folder.file("a/b/one.journal")));
}

/// Cut at any byte it tells the whole records before the cut, and goes on behind them.
TEST(Journal, GoesOnBehindTheLastWholeRecordWhereverItIsCut) {
  const ScratchFolder folder;
  records_in(folder, samples);
  const auto whole = content_of(folder.file("one.journal"));
  ASSERT_EQ(whole.size(), mark_size + samples.size() * record_size);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    put_content(folder.file("one.journal"), whole.substr(0, size));
    const auto left = size < mark_size ? 0 : (size - mark_size) / record_size;
    std::vector<Record> expected(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(left));
    const Record next{What::published, 3, size};
    EXPECT_EQ(records_in(folder, {next}), expected) << "cut at " << size;
    expected.push_back(next);
    EXPECT_EQ(records_in(folder), expected) << "cut at " << size;
  }
}

TEST(Journal, EndsBeforeARecordThatIsDamaged) {
  const ScratchFolder folder;
  records_in(folder, samples);
  const auto whole = content_of(folder.file("one.journal"));
  const std::vector<Record> before(samples.begin(), samples.begin() + 3);
  for (std::size_t i = 0; i < record_size; ++i) {
    auto damaged = whole;
    damaged[mark_size + 3 * record_size + i] =
        static_cast<char>(damaged[mark_size + 3 * record_size + i] ^ 0x10);
    put_content(folder.file("one.journal"), damaged);
    EXPECT_EQ(records_in(folder), before) << "byte " << i;
  }
}

TEST(Journal, RewrittenItHoldsTheNewRecordsAndTakesMore) {
  const ScratchFolder folder;
  const std::vector<Record> short_form{samples[0], samples[5]};
  {
    Journal journal(folder.str(), "one", [](const Journal::Record&) {});
    EXPECT_FALSE(journal.is_long());
    while (!journal.is_long()) add_all(journal, samples);
    journal.rewrite([&](Journal& fresh) { add_all(fresh, short_form); });
    EXPECT_FALSE(journal.is_long());
    add_all(journal, {samples[1]});
    EXPECT_EQ(error_of_opening(folder.str()).value().code(), ErrorCode::conflict);
  }
  EXPECT_EQ(records_in(folder), (std::vector<Record>{samples[0], samples[5], samples[1]}));
  EXPECT_FALSE(std::filesystem::exists(folder.file("one.journal.new")));
}

/// What is long by itself is not rewritten for every record.
TEST(Journal, AfterALongRewriteItGrowsToTwiceThat) {
  const ScratchFolder folder;
  Journal journal(folder.str(), "one", [](const Journal::Record&) {});
  std::size_t records = 0;
  for (; !journal.is_long(); ++records) add_all(journal, {samples[0]});
  journal.rewrite([&](Journal& fresh) {
    for (std::size_t i = 0; i < records; ++i) add_all(fresh, {samples[0]});
  });
  for (std::size_t i = 0; i < records; ++i) {
    ASSERT_FALSE(journal.is_long()) << i;
    add_all(journal, {samples[0]});
  }
  EXPECT_TRUE(journal.is_long());
}

TEST(Journal, ARewriteThatFailsLeavesWhatWasThere) {
  const ScratchFolder folder;
  {
    Journal journal(folder.str(), "one", [](const Journal::Record&) {});
    add_all(journal, {samples[0]});
    EXPECT_THROW(journal.rewrite([](Journal&) { throw Error(ErrorCode::io, "full"); }), Error);
    std::filesystem::remove(folder.file("one.journal.new"));
    std::filesystem::create_directory(folder.file("one.journal.new"));
    EXPECT_THROW(journal.rewrite([](Journal&) {}), Error);
    add_all(journal, {samples[1]});
  }
  EXPECT_EQ(records_in(folder), (std::vector<Record>{samples[0], samples[1]}));
}

TEST(Journal, HeldByAnotherItIsAConflictThatNamesIt) {
  const ScratchFolder folder;
  const Journal journal(folder.str(), "one", [](const Journal::Record&) {});
  const pid_t other = ::fork();
  if (other == 0) {
    const auto error = error_of_opening(folder.str());
    const bool clear = error && error->code() == ErrorCode::conflict && !error->retryable() &&
                       error->message().find("one.journal") != std::string::npos && !error->hint().empty();
    ::_exit(clear ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
}

TEST(Journal, AForeignFileIsLeftAloneAndTold) {
  const ScratchFolder folder;
  for (const std::string foreign : {"x", "not a journal of ours", "omqttj99 and more"}) {
    put_content(folder.file("one.journal"), foreign);
    const auto error = error_of_opening(folder.str());
    ASSERT_TRUE(error) << foreign;
    EXPECT_EQ(error->code(), ErrorCode::corrupt);
    EXPECT_THAT(error->what(), HasSubstr("one.journal"));
    EXPECT_EQ(content_of(folder.file("one.journal")), foreign);
  }
}

TEST(Journal, AFolderThatCannotBeWrittenIsToldWithItsName) {
  const ScratchFolder folder;
  put_content(folder.file("file"), "a file, not a folder");
  const auto error = error_of_opening(folder.file("file"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::io);
  EXPECT_THAT(error->what(), HasSubstr("parameter state"));
}

}  // namespace
}  // namespace omnibus::mqtt
