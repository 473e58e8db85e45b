#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codec/crc32c.hpp"

namespace omnibus::codec {
namespace {

TEST(Crc32c, MatchesThePublishedVectors) {
  // RFC 3720 appendix B.4.
  std::string rising(32, '\0');
  for (std::size_t at = 0; at < rising.size(); ++at) rising[at] = static_cast<char>(at);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
}

TEST(Crc32c, SoftwareAndHardwareAgreeAtEveryLengthAndSplit) {
  std::mt19937 random(1);
  std::string bytes(300, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const auto part = std::string_view(bytes).substr(0, size);
    ASSERT_EQ(crc32c(part), crc32c_portable(part));
    ASSERT_EQ(crc32c(part.substr(size / 3), crc32c(part.substr(0, size / 3))), crc32c(part));
  }
}

}  // namespace
}  // namespace omnibus::codec
