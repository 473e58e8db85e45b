#include "services/flow/interfaces.hpp"

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

namespace omnibus::flow {
namespace {

TEST(FlowInterfaces, AreThoseOfOneQueue) {
  EXPECT_EQ(interfaces_of("f", R"({"interfaces": {"a": "q1/t/n/a", "b": {"request": "x"}, "c": "y"}})"),
            (Interfaces{{"a", "q1/t/n/a"}, {"c", "y"}}));
  EXPECT_EQ(interfaces_of("f", R"({"interfaces": {}})"), Interfaces{});
}

TEST(FlowInterfaces, MayBeMissing) {
  for (const char* text : {"{}", R"({"interfaces": []})", "[]", "1"}) {
    EXPECT_EQ(interfaces_of("f", text), std::nullopt) << text;
  }
  EXPECT_THROW(interfaces_of("f", "{"), ConfigError);
}

}  // namespace
}  // namespace omnibus::flow
