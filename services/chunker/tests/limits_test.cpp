#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "services/chunker/service.hpp"

namespace omnibus::chunker {
namespace {

std::string message_of(const std::optional<std::string>& size, const std::optional<std::string>& overlap) {
  try {
    limits_of({2000, 100}, size, overlap);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ChunkLimits, ComeFromTheFlowBeforeTheFlags) {
  EXPECT_EQ(limits_of({2000, 100}, std::nullopt, std::nullopt).size, 2000u);
  EXPECT_EQ(limits_of({2000, 100}, "500", std::nullopt).size, 500u);
  EXPECT_EQ(limits_of({2000, 100}, " 500 ", "7").overlap, 7u);
}

TEST(ChunkLimits, SayWhichParameterIsNoNumber) {
  for (const char* text : {"", "abc", "12x", "-5", "1.5", "99999999999999999999"}) {
    const auto message = message_of(text, std::nullopt);
    EXPECT_NE(message.find("parameter chunk-size is '" + std::string(text) + "'"), std::string::npos)
        << message;
  }
  EXPECT_NE(message_of("50", std::nullopt).find("chunk-overlap 100 is not below chunk-size 50"),
            std::string::npos);
}

}  // namespace
}  // namespace omnibus::chunker
