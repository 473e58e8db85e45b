#include <random>

#include <gmock/gmock.h>

#include "backends/embedded/log/file.hpp"
#include "backends/embedded/log/frame.hpp"
#include "backends/embedded/log/tests/support.hpp"

/// Torn tails, flipped bits, truncated files, holders that die: what recovery and readers make of them.

namespace omnibus::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DamageTest : public LogTest {
 protected:
  explicit DamageTest(Place place = Place::memory) : LogTest(place) {}
  void write_store(std::initializer_list<std::string_view> texts) {
    auto chosen = options();
    chosen.first_segment = 16 << 10;
    auto log = open(std::move(chosen));
    for (const auto text : texts) positions.push_back(put(*log, text));
    for (auto& frame : positions) frame.pin.reset();
  }
  /// As if nobody had ever known what is synced: all of it may be a torn tail.
  void forget_synced() { std::filesystem::remove(directory / "control"); }
  std::vector<std::string> reopen_and_read() {
    auto log = open();
    return all(*log);
  }

  std::vector<FrameView> positions;
};

TEST_F(DamageTest, ATornTailIsCutAtEveryByteOfTheLastFrame) {
  write_store({"first", "second", "the last one"});
  const auto segment = only_segment(directory);
  const auto whole = read_bytes(segment);
  const auto begin = positions[2].position.offset;
  for (auto kept = begin; kept < begin + positions[2].size; ++kept) {
    auto torn = whole;
    std::fill(torn.begin() + kept, torn.end(), '\0');
    const bool complete = torn == whole;
    write_bytes(segment, torn);
    forget_synced();
    auto log = open();
    if (complete) {
      ASSERT_THAT(all(*log), ElementsAre("first", "second", "the last one"));
    } else {
      ASSERT_THAT(all(*log), ElementsAre("first", "second")) << kept;
      ASSERT_EQ(put(*log, "new").sequence, 3U);
      ASSERT_THAT(all(*log), ElementsAre("first", "second", "new"));
    }
  }
  EXPECT_THAT(reported(), HasSubstr("cut a torn tail"));
}

/// The file system of the machine clears ranges in another way than memory does.
class DamageOnDiskTest : public DamageTest {
 protected:
  DamageOnDiskTest() : DamageTest(Place::disk) {}
};

TEST_F(DamageOnDiskTest, WhatLayBehindATornFrameNeverComesBack) {
  write_store({"first", "torn", "behind"});
  const auto segment = only_segment(directory);
  auto bytes = read_bytes(segment);
  bytes[positions[1].position.offset + frame_header_size] ^= 1;
  write_bytes(segment, bytes);
  forget_synced();
  {
    auto log = open();
    ASSERT_THAT(all(*log), ElementsAre("first"));
    put(*log, "TORN");  // as long as the one that was cut, so that it ends where "behind" began
    ASSERT_THAT(all(*log), ElementsAre("first", "TORN"));
  }
  forget_synced();
  EXPECT_THAT(reopen_and_read(), ElementsAre("first", "TORN"));
}

TEST_F(DamageTest, EveryFlippedBitOfASyncedFrameIsDetectedAndTheRestIsRead) {
  write_store({"first", "middle", "last"});
  { auto log = open(); }  // syncs
  const auto segment = only_segment(directory);
  const auto whole = read_bytes(segment);
  const auto control = read_bytes(directory / "control");
  const auto begin = positions[1].position.offset;
  for (auto at = begin; at < begin + positions[1].size; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      write_bytes(segment, flipped);
      write_bytes(directory / "control", control);
      const auto found = reopen_and_read();
      const bool padding = at >= begin + frame_header_size + 6;
      if (padding)
        ASSERT_THAT(found, ElementsAre("first", "middle", "last"));
      else
        ASSERT_THAT(found, ElementsAre("first", "<2-2>", "last")) << "byte " << at - begin << " bit " << bit;
    }
  }
  EXPECT_THAT(reported(), HasSubstr("sequence 2 is lost"));
}

TEST_F(DamageTest, EveryFlippedBitOfTheSegmentHeaderIsHarmless) {
  write_store({"first", "last"});
  const auto segment = only_segment(directory);
  const auto whole = read_bytes(segment);
  for (std::size_t at = 0; at < first_frame_offset; ++at) {
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    write_bytes(segment, flipped);
    ASSERT_THAT(reopen_and_read(), ElementsAre("first", "last")) << at;
  }
  EXPECT_EQ(reported(), "");
}

TEST_F(DamageTest, DamageInSyncedFramesAtTheEndIsCorruptionAndSequencesGoOn) {
  write_store({"first", "second", "third"});
  { auto log = open(); }
  const auto segment = only_segment(directory);
  auto bytes = read_bytes(segment);
  bytes[positions[1].position.offset + 8] ^= 1;
  bytes[positions[2].position.offset + 8] ^= 1;
  write_bytes(segment, bytes);
  auto log = open();
  EXPECT_EQ(log->end(), 3U);
  EXPECT_EQ(put(*log, "fourth").sequence, 4U);
  EXPECT_THAT(all(*log), ElementsAre("first", "<2-3>", "fourth"));
  EXPECT_THAT(reported(), HasSubstr("sequences 2 to 3 are lost"));
}

TEST_F(DamageTest, AFileCutShortAnywhereOpensAndTakesNewFrames) {
  write_store({"first", "second", "third"});
  const auto segment = only_segment(directory);
  const auto whole = read_bytes(segment);
  const auto used = positions[2].position.offset + positions[2].size;
  for (std::size_t size = 0; size <= used; size += size < 1000 ? 97 : 1) {
    std::filesystem::remove_all(directory / "log");
    std::filesystem::create_directory(directory / "log");
    write_bytes(segment, std::string_view(whole).substr(0, size));
    forget_synced();
    auto log = open();
    std::vector<std::string> expected;
    for (std::size_t at = 0; at < 3; ++at) {
      const auto end = positions[at].position.offset + positions[at].size;
      static constexpr std::string_view texts[] = {"first", "second", "third"};
      if (size >= end) expected.emplace_back(texts[at]);
    }
    ASSERT_EQ(all(*log), expected) << size;
    put(*log, "new");
    expected.emplace_back("new");
    ASSERT_EQ(all(*log), expected) << size;
  }
}

/// At a cut, every sector written since the last sync has its old, its new, or a mixed content.
TEST_F(DamageTest, APowerCutLosesNothingThatWasSynced) {
  std::mt19937 random(20);
  constexpr std::size_t sector = 512;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::filesystem::remove_all(directory / "log");
    std::filesystem::remove(directory / "format");
    std::vector<std::string> texts;
    std::string before, after;
    std::filesystem::path segment;
    std::size_t synced = 0;
    {
      auto log = open();
      segment = only_segment(directory);
      for (int at = 0; at < 30; ++at) {
        texts.push_back(std::to_string(at) + std::string(random() % 900, 'b'));
        put(*log, texts.back());
        if (at % 10 != static_cast<int>(random() % 10) && at != 9) continue;
        log->sync();
        synced = texts.size();
        before = read_bytes(segment);
      }
      after = read_bytes(segment);
    }
    for (std::size_t at = 0; at < after.size(); at += sector) {
      const auto choice = random() % 3;
      if (choice == 2) continue;  // new
      const auto size = choice == 0 ? sector : random() % sector;
      std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at), size,
                  after.begin() + static_cast<std::ptrdiff_t>(at));
    }
    write_bytes(segment, after);
    forget_synced();
    auto found = reopen_and_read();
    ASSERT_GE(found.size(), synced);
    ASSERT_LE(found.size(), texts.size());
    texts.resize(found.size());
    ASSERT_EQ(found, texts) << "a prefix, without gaps";
    ASSERT_EQ(reopen_and_read(), texts) << "and the same again";
  }
}

TEST_F(DamageTest, ACopyOfTheSegmentInsideAPayloadNeverPassesForFrames) {
  write_store({"first", "second", "third"});
  const auto segment = only_segment(directory);
  const auto copy = read_bytes(segment).substr(0, 2000);
  FrameView carrier;
  {
    auto log = open();
    carrier = put(*log, copy);
    put(*log, "behind");
    carrier.pin.reset();
  }
  auto bytes = read_bytes(segment);
  bytes[carrier.position.offset + 8] ^= 1;  // its header: the scan goes through its payload
  write_bytes(segment, bytes);
  EXPECT_THAT(reopen_and_read(), ElementsAre("first", "second", "third", "<4-4>", "behind"));
}

TEST_F(DamageTest, AReaderReportsDamageWhileOthersAppend) {
  auto log = open();
  put(*log, "first");
  const auto bad = put(*log, "bad");
  put(*log, "third");
  const_cast<char*>(bad.payload.data())[0] ^= 1;  // NOLINT: damage on purpose
  EXPECT_THAT(all(*log), ElementsAre("first", "<2-2>", "third"));
  EXPECT_THAT(reported(), HasSubstr("sequences 2 to 2 cannot be read"));
  EXPECT_THROW(log->read_at(bad.position), Error);
}

TEST_F(DamageTest, AMissingSegmentIsOneGap) {
  {
    auto log = open();
    const std::string body(1000, 'b');
    for (int at = 0; at < 600; ++at) put(*log, body);
  }
  std::filesystem::remove(directory / "log" / "0000000000000002.seg");
  auto log = open();
  const auto found = all(*log);
  EXPECT_EQ(std::count_if(found.begin(), found.end(), [](const auto& text) { return text[0] == '<'; }), 1);
  EXPECT_EQ(log->end(), 600U);
  EXPECT_EQ(put(*log, "new").sequence, 601U);
}

TEST_F(DamageTest, ASegmentWithBothNamesOfOneThatWasSetAsideIsOutOfTheWay) {
  write_store({"first"});
  const auto segment = directory / "log" / "0000000000000002.seg";
  write_bytes(segment, "");
  std::filesystem::create_hard_link(segment, segment.string() + ".damaged");
  auto log = open();
  const std::string body(1000, 'b');
  for (int at = 0; at < 100; ++at) put(*log, body);
  EXPECT_EQ(all(*log).size(), 101U);
}

TEST_F(DamageOnDiskTest, AHolderKilledAtAnyStepLeavesAConsistentLog) {
  for (const auto* step :
       {"frame-written", "length-stored", "end-stored", "segment-stamped", "segment-started"}) {
    SCOPED_TRACE(step);
    const bool border = std::string_view(step).starts_with("segment");
    auto log = open();
    const auto before = log->end();
    Worker dying({"signal", directory, step, border ? "2" : "5", std::to_string(SIGKILL)});
    ASSERT_EQ(dying.wait(), -SIGKILL);
    const auto after = put(*log, "survivor").sequence;
    const auto found = all(*log, before);
    ASSERT_EQ(found.size(), after - before);
    EXPECT_EQ(found.back(), "survivor");
    for (std::size_t at = 0; at + 1 < found.size(); ++at)
      ASSERT_THAT(found[at], HasSubstr("dying:" + std::to_string(at + 1) + ":"));
    if (!border) {
      EXPECT_EQ(found.size(), std::string_view(step) == "frame-written" ? 5U : 6U);
    }
    log.reset();
    log = open();
    EXPECT_EQ(all(*log, before), found);
  }
}

TEST_F(DamageOnDiskTest, KilledWritersLoseNothingThatWasAppended) {
  std::map<std::string, long> said;
  for (int round = 0; round < 6; ++round) {
    const auto tag = "w" + std::to_string(round);
    Worker writer({"endless", directory, tag});
    for (int lines = 0; lines < 50 + 37 * round; ++lines) said[tag] = std::stol(writer.line());
    writer.kill(SIGKILL);
    EXPECT_EQ(writer.wait(), -SIGKILL);
  }
  auto log = open();
  std::map<std::string, long> found;
  for (const auto& text : all(*log)) {
    const auto colon = text.find(':');
    ASSERT_EQ(std::stol(text.substr(colon + 1)), found[text.substr(0, colon)] + 1);
    ++found[text.substr(0, colon)];
  }
  for (const auto& [tag, count] : said) EXPECT_GE(found[tag], count) << tag;
}

TEST_F(DamageTest, AStoppedHolderGivesATypedErrorUntilItGoes) {
  auto chosen = options();
  chosen.lock_wait = std::chrono::milliseconds(50);
  auto log = open(std::move(chosen));
  Worker stopped({"signal", directory, "frame-written", "1", std::to_string(SIGSTOP)});
  Error seen(ErrorCode::internal, "");
  // Appends go through until the worker stands in the section.
  ASSERT_TRUE(eventually([&] {
    try {
      put(*log, "x");
    } catch (const Error& error) {
      seen = error;
      return true;
    }
    return false;
  }));
  EXPECT_EQ(seen.code(), ErrorCode::unavailable);
  EXPECT_TRUE(seen.retryable());
  EXPECT_THAT(seen.what(), HasSubstr("process " + std::to_string(stopped.pid())));
  stopped.kill(SIGKILL);
  EXPECT_EQ(stopped.wait(), -SIGKILL);
  put(*log, "after");
  EXPECT_EQ(all(*log).back(), "after");
}

}  // namespace
}  // namespace omnibus::embedded::testing
