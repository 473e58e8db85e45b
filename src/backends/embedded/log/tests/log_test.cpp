#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/embedded/log/file.hpp"
#include "backends/embedded/log/tests/support.hpp"

namespace omnibus::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DurabilityText, IsParsedOrRefused) {
  EXPECT_EQ(Durability::parse("sync").level, Durability::Level::sync);
  EXPECT_EQ(Durability::parse("process").level, Durability::Level::process);
  EXPECT_EQ(Durability::parse("group:5").interval, std::chrono::milliseconds(5));
  for (const auto* text : {"", "group", "group:", "group:0", "group:5ms", "group:-1", "Sync"})
    EXPECT_THROW(Durability::parse(text), ConfigError) << text;
}

TEST_F(LogTest, GivesFramesBackInOrderAndAfterReopening) {
  {
    auto log = open();
    EXPECT_TRUE(log->first_member());
    EXPECT_EQ(log->end(), 0U);
    EXPECT_EQ(put(*log, "one").sequence, 1U);
    auto section = log->lock();
    const auto two = log->append(section, std::array<std::string_view, 3>{"t", "", "wo"});
    EXPECT_EQ(two.payload, "two");
    section.release();
    EXPECT_THAT(all(*log), ElementsAre("one", "two"));
  }
  auto log = open();
  EXPECT_EQ(log->end(), 2U);
  EXPECT_EQ(log->synced(), 2U) << "the next opener syncs";
  put(*log, "three");
  EXPECT_THAT(all(*log), ElementsAre("one", "two", "three"));
  EXPECT_THAT(all(*log, 2), ElementsAre("three"));
  EXPECT_EQ(reported(), "");
}

TEST_F(LogTest, RefusesFramesThatCannotFit) {
  auto log = open();
  const std::string large(max_frame_size, 'x');
  try {
    put(*log, large);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::too_large);
  }
  EXPECT_THROW(put(*log, ""), Error);
  put(*log, "small");
  EXPECT_THAT(all(*log), ElementsAre("small"));
}

TEST_F(LogTest, TakesTheLargestFrameInTheSmallestUsualSegment) {
  auto chosen = options();
  chosen.first_segment = 1 << 20;
  auto log = open(std::move(chosen));
  const std::string large(max_frame_payload, 'x');
  put(*log, large);
  put(*log, "small");
  put(*log, large);
  EXPECT_THAT(all(*log), ElementsAre(large, "small", large));
}

TEST_F(LogTest, GoesOverSegmentBordersAndGrowsSegments) {
  std::vector<std::string> expected;
  {
    auto log = open();
    for (int at = 0; at < 500; ++at) {
      expected.push_back(std::to_string(at) + std::string(static_cast<std::size_t>(at * 7 % 3000), 'b'));
      put(*log, expected.back());
    }
    EXPECT_EQ(all(*log), expected);
    const auto segments = log->segments();
    ASSERT_GE(segments.size(), 3U);
    EXPECT_EQ(segments[0].bytes, 64U << 10);
    EXPECT_EQ(segments[1].bytes, 128U << 10);
    EXPECT_EQ(segments[2].bytes, 256U << 10);
    EXPECT_EQ(segments.front().first, 1U);
    EXPECT_EQ(segments.back().last, 500U);
    for (std::uint64_t after : {0U, 1U, 60U, 61U, 250U, 499U, 500U})
      EXPECT_EQ(all(*log, after).size(), 500 - after) << after;
  }
  auto log = open();
  EXPECT_EQ(all(*log), expected);
  EXPECT_EQ(reported(), "");
}

TEST_F(LogTest, ReadsAFrameAgainByItsPosition) {
  auto log = open();
  const auto first = put(*log, "first");
  put(*log, "second");
  EXPECT_EQ(log->read_at(first.position).payload, "first");
  EXPECT_THROW(log->read_at({first.position.segment, first.position.offset + 8}), Error);
  EXPECT_THROW(log->read_at({99, 1024}), Error);
}

TEST_F(LogTest, SkippingOwnFramesKeepsTheCursorInPlace) {
  auto log = open();
  auto cursor = log->cursor(0);
  FrameView frame;
  Gap gap;
  const std::string body(900, 'b');
  for (int at = 1; at <= 300; ++at) {
    put(*log, "other");
    auto section = log->lock();
    while (log->read(cursor, frame, gap) == ReadResult::frame) ASSERT_EQ(frame.payload, "other");
    cursor.skip(log->append(section, std::array<std::string_view, 1>{body}));
  }
  EXPECT_EQ(cursor.next(), 601U);
  EXPECT_EQ(log->read(cursor, frame, gap), ReadResult::end);
}

TEST_F(LogTest, TwoHandlesOfOneProcessShareTheLog) {
  auto left = open();
  auto right = open();
  EXPECT_FALSE(right->first_member());
  EXPECT_EQ(left->store_id(), right->store_id());
  constexpr int each = 2000;
  auto write = [](Log& log, const char* text) {
    for (int at = 0; at < each; ++at) put(log, text);
  };
  std::thread writer([&] { write(*left, "l"); });
  std::thread reader([&] {
    auto cursor = right->cursor(0);
    FrameView frame;
    Gap gap;
    for (int seen = 0; seen < 2 * each;) {
      right->wait(cursor.next() - 1, deadline_after(std::chrono::seconds(5)));
      while (right->read(cursor, frame, gap) == ReadResult::frame) ++seen;
    }
  });
  write(*right, "r");
  right->wake();
  writer.join();
  left->wake();
  reader.join();
  EXPECT_EQ(left->end(), 2U * each);
  EXPECT_EQ(all(*left), all(*right));
}

TEST_F(LogTest, WritersInSeveralProcessesLoseNothing) {
  {
    Worker a({"append", directory, "a", "3000"});
    Worker b({"append", directory, "b", "3000"});
    Worker c({"append", directory, "c", "3000"});
    EXPECT_EQ(a.wait(), 0);
    EXPECT_EQ(b.wait(), 0);
    EXPECT_EQ(c.wait(), 0);
  }
  auto log = open();
  std::map<char, int> next{{'a', 1}, {'b', 1}, {'c', 1}};
  for (const auto& text : all(*log)) ASSERT_EQ(text.substr(2), std::to_string(next[text[0]]++));
  EXPECT_EQ(log->end(), 9000U);
}

TEST_F(LogTest, WaitEndsByAFrameAnInterruptOrTheDeadline) {
  auto log = open();
  EXPECT_FALSE(log->wait(0, Clock::now()));
  log->interrupt();
  EXPECT_FALSE(log->wait(0, TimePoint::max()));
  put(*log, "x");
  EXPECT_TRUE(log->wait(0, TimePoint::max()));
  EXPECT_FALSE(log->wait(1, deadline_after(std::chrono::milliseconds(1)), std::chrono::milliseconds(1)));
}

TEST_F(LogTest, WakesAWaiterInAnotherProcess) {
  auto log = open();
  put(*log, "before");
  Worker waiter({"wait", directory, "1"});
  ASSERT_EQ(waiter.line(), "ready");
  put(*log, "news");
  log->wake();
  EXPECT_EQ(waiter.line(), "news");
  EXPECT_EQ(waiter.wait(), 0);
}

TEST_F(LogTest, TheChildOfAForkCannotUseTheHandle) {
  auto log = open();
  put(*log, "parent");
  const pid_t child = ::fork();
  if (child == 0) {
    int failures = 0;
    auto refused = [&](auto call) {
      try {
        call();
      } catch (const ClosedError&) {
        return;
      } catch (...) {
      }
      ++failures;
    };
    refused([&] { log->lock(); });
    refused([&] { log->cursor(0); });
    refused([&] { log->confirm(1, [](const Error*) {}); });
    log.reset();
    ::_exit(failures);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  put(*log, "still the parent's");
  EXPECT_EQ(log->end(), 2U);
}

TEST_F(LogTest, RemovesSegmentsOnlyBehindEveryLiveMember) {
  auto log = open();
  const std::string body(1000, 'b');
  for (int at = 0; at < 400; ++at) put(*log, body);
  const auto before = log->segments();
  ASSERT_GE(before.size(), 3U);
  EXPECT_EQ(log->remove_before(300), 0U) << "this member has applied nothing yet";
  log->applied(before[0].last);
  EXPECT_EQ(log->remove_before(300), before[0].bytes);
  log->applied(400);
  EXPECT_GT(log->remove_before(~std::uint64_t{0}), 0U);
  const auto after = log->segments();
  ASSERT_EQ(after.size(), 1U) << "the newest one stays";
  EXPECT_EQ(all(*log).at(0), "<1-" + std::to_string(after[0].first - 1) + ">");
  EXPECT_EQ(all(*log).size(), 1 + 400 - (after[0].first - 1));
}

TEST_F(LogTest, RemovalLeavesMappingsOfOtherProcessesValid) {
  auto log = open();
  const std::string body(1000, 'b');
  put(*log, "the first frame");
  for (int at = 0; at < 4000; ++at) put(*log, body);
  Worker reader({"read", directory});
  ASSERT_EQ(reader.line(), "ready");
  const auto segments = log->segments();
  // Not by remove_before(), which the other member's pin keeps from it.
  for (std::size_t at = 0; at + 1 < segments.size(); ++at) {
    const auto name = hex16(segments[at].number) + ".seg";
    ASSERT_TRUE(std::filesystem::remove(directory / "log" / name));
  }
  EXPECT_EQ(::kill(reader.pid(), 0), 0);
  std::thread closer([&] { EXPECT_EQ(reader.wait(), 0); });
  EXPECT_EQ(reader.line(), "the first frame");
  int frames = 0, gaps = 0;
  for (auto text = reader.line(); !text.empty(); text = reader.line())
    (text.starts_with("gap") ? gaps : frames)++;
  closer.join();
  EXPECT_EQ(gaps, 1);
  EXPECT_GE(frames, 60) << "what it had mapped, and the newest segment";
}

TEST_F(LogTest, AVolatileLogKeepsARingAndStartsEmpty) {
  auto chosen = options();
  chosen.volatile_log = true;
  chosen.ring_bytes = 512 << 10;
  {
    auto log = open(chosen);
    auto cursor = log->cursor(0);
    FrameView frame;
    Gap gap;
    const std::string body(1000, 'b');
    put(*log, "slow");
    ASSERT_EQ(log->read(cursor, frame, gap), ReadResult::frame);
    for (int at = 0; at < 5000; ++at) put(*log, body);
    int frames = 0;
    std::uint64_t lost = 0;
    for (auto result = log->read(cursor, frame, gap); result != ReadResult::end;
         result = log->read(cursor, frame, gap)) {
      if (result == ReadResult::frame) ++frames;
      if (result != ReadResult::gap) continue;
      EXPECT_EQ(gap.reason, Gap::Reason::dropped);
      lost += gap.last - gap.first + 1;
    }
    EXPECT_EQ(static_cast<std::uint64_t>(frames) + lost, 5000U);
    EXPECT_GT(lost, 3000U);
    EXPECT_TRUE(eventually([&] {
      std::uintmax_t bytes = 0;
      for (const auto& entry : std::filesystem::directory_iterator(directory / "log")) {
        std::error_code gone;
        const auto size = entry.file_size(gone);
        if (!gone) bytes += size;
      }
      return bytes <= 3 * chosen.ring_bytes / 2;
    }));
    bool confirmed = false;
    log->confirm(log->end(), [&](const Error* error) { confirmed = error == nullptr; });
    EXPECT_TRUE(confirmed);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory / "log")) << "the last member gives the memory back";
  auto log = open(chosen);
  EXPECT_EQ(log->end(), 0U);
  EXPECT_EQ(reported(), "");
}

}  // namespace
}  // namespace omnibus::embedded::testing
