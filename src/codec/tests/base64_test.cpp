#include <omnibus/base64.hpp>

#include <gtest/gtest.h>
#include <random>

namespace omnibus::base64 {
namespace {

TEST(Base64, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg==");
}

TEST(Base64, RoundTripsBytesOfEveryLength) {
  std::mt19937 random(20);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    EXPECT_EQ(decode(encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const auto* text :
       {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9v\n", "Zm9-", "Zh==", "Zm9=", "====", "=g=="}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace omnibus::base64
