#include "apps/demo/tally.hpp"

#include <gtest/gtest.h>

namespace omnibus::demo {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint(1h);

TEST(Tally, CountsLostAndDuplicatedChunksByContent) {
  Tally tally;
  tally.expect("a", {"same", "same", "other"});
  tally.expect("b", {"same"});
  tally.loaded("a", start);
  tally.loaded("b", start + 1ms);
  for (const char* chunk : {"same", "same", "same", "strange"}) tally.arrived("a", chunk, start + 10ms);
  tally.arrived("nobody", "same", start + 20ms);
  const auto report = tally.report();
  EXPECT_EQ(report.documents, 2u);
  EXPECT_EQ(report.expected, 4u);
  EXPECT_EQ(report.arrived, 5u);
  EXPECT_EQ(report.lost, 2u);
  EXPECT_EQ(report.duplicated, 1u);
  EXPECT_EQ(report.foreign, 2u);
  EXPECT_EQ(report.elapsed, Duration(20ms));
}

TEST(Tally, MeasuresFromLoadToFirstArrival) {
  Tally tally;
  tally.expect("a", {"1", "2", "3"});
  tally.loaded("a", start);
  tally.arrived("a", "1", start + 1ms);
  tally.arrived("a", "2", start + 2ms);
  tally.arrived("a", "3", start + 9ms);
  tally.arrived("a", "3", start + 90ms);
  EXPECT_EQ(tally.missing(), 0u);
  EXPECT_EQ(tally.report().p50, Duration(2ms));
  EXPECT_EQ(tally.report().p99, Duration(2ms));
}

TEST(Tally, IsEmptyWithoutDocuments) {
  const auto report = Tally().report();
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.elapsed, Duration::zero());
  EXPECT_EQ(report.p99, Duration::zero());
}

}  // namespace
}  // namespace omnibus::demo
