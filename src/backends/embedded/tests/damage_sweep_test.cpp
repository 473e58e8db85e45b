// A store of a few KiB with every bit of its log flipped, one at a time, and cut short at every byte: each is
// detected or harmless, nothing that was never sent is served, and what is not damaged is served.
#include "backends/embedded/tests/damage_fixture.hpp"

namespace omnibus::embedded::test {
namespace {

using End = SampleStore::End;
using Payloads = std::set<std::string>;

INSTANTIATE_TEST_SUITE_P(Ends, DamageSweep, ::testing::Values(End::closed, End::killed, End::power),
                         [](const auto& tested) { return name_of(tested.param); });

/// The messages of the frames that are kept.
Payloads published(const std::vector<SampleFrame>& frames,
                   const std::function<bool(const SampleFrame&)>& kept) {
  Payloads result;
  for (const auto& frame : frames) {
    if (kept(frame)) result.insert(frame.published.begin(), frame.published.end());
  }
  return result;
}

Payloads without(Payloads from, const Payloads& what) {
  for (const auto& payload : what) from.erase(payload);
  return from;
}

bool includes(const Payloads& all, const Payloads& part) {
  return std::includes(all.begin(), all.end(), part.begin(), part.end());
}

TEST_P(DamageSweep, EveryFlippedBitOfAFrameCostsThatFrameAlone) {
  std::mt19937_64 random(seed());
  std::size_t flips = 0;
  for (const auto& frame : frames) {
    const auto kept = [&](const SampleFrame& other) {
      return GetParam() == End::power ? other.sequence < frame.sequence : other.sequence != frame.sequence;
    };
    const auto expected = published(frames, kept);
    for (std::size_t bit = random() % step; bit < frame.size * 8; bit += step) {
      SCOPED_TRACE("frame " + std::to_string(frame.sequence) + " (" + frame.kinds + "), bit " +
                   std::to_string(bit));
      auto bytes = whole;
      bytes[frame.offset + bit / 8] = static_cast<char>(bytes[frame.offset + bit / 8] ^ (1 << bit % 8));
      write(bytes);
      const auto served = look();
      ++flips;
      ASSERT_FALSE(served.refused);
      ASSERT_EQ(served.audit, expected);
      ASSERT_TRUE(includes(served.waiting, without(waiting, without(all, expected))));
      if (GetParam() == End::power) {
        ASSERT_THAT(check.cut, ::testing::SizeIs(1));
      } else {
        ASSERT_EQ(check.lost_sequences(), 1U);
        // What was settled comes again where the frame that says so is gone, and no checkpoint knows it.
        const bool again = frame.acknowledges && GetParam() == End::killed;
        ASSERT_TRUE(again || served.waiting == without(waiting, without(all, expected)));
      }
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_EQ(reported, flips) << "each was reported";
  std::cout << flips << " of the bits of " << frames.size() << " frames, " << reported << " reported\n";
}

TEST_P(DamageSweep, EveryFlippedBitBesidesTheFramesIsHarmless) {
  std::mt19937_64 random(seed());
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < frames.front().offset; ++at) places.push_back(at);
  for (const auto& frame : frames) {
    for (auto at = frame.offset + frame.size; at < frame.offset + frame.padded; ++at) places.push_back(at);
  }
  std::size_t found = 0;
  for (std::size_t bit = random() % step; bit < places.size() * 8; bit += step) {
    const auto at = places[bit / 8];
    const bool header = at % 512 < 80 && at < frames.front().offset;
    if (at < frames.front().offset && !header && bit % 8 != at % 8) continue;  // nobody reads these
    SCOPED_TRACE("byte " + std::to_string(at) + " bit " + std::to_string(bit % 8));
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit % 8));
    write(bytes);
    const auto served = look();
    ASSERT_FALSE(served.refused);
    ASSERT_EQ(served.audit, all);
    ASSERT_EQ(served.waiting, waiting);
    ASSERT_EQ(check.sound(), !header) << "one of the two copies";
    ASSERT_FALSE(HasFailure());
    found += check.sound() ? 0 : 1;
  }
  std::cout << looked << " bits, " << found << " found by check\n";
}

TEST_P(DamageSweep, AFileCutShortAtAnyByteGivesWhatIsBeforeTheCut) {
  std::mt19937_64 random(seed());
  std::size_t refused = 0;
  for (std::size_t size = random() % step; size <= used; size += step) {
    SCOPED_TRACE("cut at " + std::to_string(size));
    write(whole.substr(0, size));
    const auto served = look();
    refused += served.refused ? 1 : 0;
    ASSERT_EQ(served.refused.has_value(), GetParam() == End::killed && size < 80)
        << "no header, no checkpoint";
    if (served.refused) {
      ASSERT_EQ(served.refused->code(), ErrorCode::corrupt);
      continue;
    }
    const auto expected = published(frames, [size](const SampleFrame& frame) {
      return size >= 80 && frame.offset + frame.padded <= size;
    });
    ASSERT_EQ(served.audit, expected);
    ASSERT_TRUE(includes(served.waiting, without(waiting, without(all, expected))));
    ASSERT_GT(served.reports, 0U);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(reported, looked);
  std::cout << looked << " lengths, " << reported << " reported, " << refused << " refused\n";
}

TEST_P(DamageSweep, DamageInManyPlacesIsSurvived) {
  std::mt19937_64 random(seed());
  for (std::size_t round = random() % step; round < 2000; round += step) {
    SCOPED_TRACE("round " + std::to_string(round));
    auto bytes = whole;
    for (auto left = 2 + random() % 6; left > 0; --left) {
      const auto at = frames.front().offset + random() % (used - frames.front().offset);
      for (auto end = std::min(used, at + random() % 80); const auto byte : {at, end - 1})
        bytes[byte] = static_cast<char>(random());
    }
    write(bytes);
    const auto served = look();
    ASSERT_FALSE(served.refused);
    ASSERT_TRUE(includes(all, served.audit));
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace omnibus::embedded::test
