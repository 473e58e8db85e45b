#include <gtest/gtest.h>
#include <omnibus/settings.hpp>

namespace omnibus {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsUnitsAndSums) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("10s"), seconds(10));
  EXPECT_EQ(parse_duration("10"), seconds(10));
  EXPECT_EQ(parse_duration("0.5"), milliseconds(500));
  EXPECT_EQ(parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(parse_duration("1h 30m"), std::nullopt);
  EXPECT_EQ(parse_duration("2 min"), minutes(2));
  EXPECT_EQ(parse_duration("0"), Duration::zero());
}

TEST(Duration, RefusesWhatIsNoTime) {
  for (const char* text : {"", "s", "-1s", "ten", "10 parsecs", "1h30", "30 1h", "1e400", "nan", "inf",
                           "99999999w", "10s ", " 10s", "0x10"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Size, ReadsUnits) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("64 kib"), 65536u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("1MB"), 1000000u);
  EXPECT_EQ(parse_size("256MiB"), 256u << 20);
  EXPECT_EQ(parse_size("1.5GiB"), 1536u << 20);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(Size, RefusesWhatIsNoSize) {
  for (const char* text : {"", "MiB", "-1", "12 parsecs", "0.5", "1e99", "99999999TiB", "1MiB1", "lots"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Redacted, HidesUserAndQueryValues) {
  EXPECT_EQ(redacted("pulsar://host:6650?token=abc&listener=l"), "pulsar://host:6650?token=***&listener=***");
  EXPECT_EQ(redacted("mqtt://me:secret@host:1883"), "mqtt://***@host:1883");
  EXPECT_EQ(redacted("embedded:///a@b/c"), "embedded:///a@b/c");
  EXPECT_EQ(redacted("no url"), "no url");
}

}  // namespace
}  // namespace omnibus
