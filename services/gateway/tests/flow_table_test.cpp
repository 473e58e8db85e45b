#include "services/gateway/dispatch/flow_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace omnibus::gateway {
namespace {

using framework::Configuration;
using testing::ElementsAre;
using testing::IsEmpty;
using Wanted = FlowTable::Wanted;

class FlowTableTest : public testing::Test {
 protected:
  /// Applies these flows; the changed ones.
  std::vector<std::string> apply(std::map<std::string, std::string> flows) {
    std::vector<std::string> changed;
    table_.apply(Configuration{{"flow", std::move(flows)}}, [&](const auto& gone) { changed = gone; });
    return changed;
  }

  FlowTable table_;
};

TEST_F(FlowTableTest, FindsInterfacesOfRunningFlows) {
  EXPECT_FALSE(table_.known());
  EXPECT_THAT(apply({{"f", R"({"interfaces": {"text-load": "q1/t/n/x"}})"}}), IsEmpty());
  EXPECT_TRUE(table_.known());
  EXPECT_EQ(table_.find("f")->at("text-load").as_string(), "q1/t/n/x");
  EXPECT_EQ(table_.find("g"), nullptr);
}

TEST_F(FlowTableTest, TellsFlowsThatWentOrChangedTheirInterfaces) {
  apply({{"a", R"({"interfaces": {"x": "1"}})"},
         {"b", R"({"interfaces": {"x": "1"}, "description": "old"})"},
         {"c", R"({"interfaces": {}})"}});
  EXPECT_THAT(apply({{"a", R"({"interfaces": {"x": "2"}})"},
                     {"b", R"({"interfaces": {"x": "1"}, "description": "new"})"},
                     {"d", R"({"interfaces": {}})"}}),
              ElementsAre("a", "c"));
  EXPECT_EQ(table_.find("a")->at("x").as_string(), "2");
}

TEST_F(FlowTableTest, IgnoresDefinitionsThatItCannotRead) {
  apply({{"bad", "{"},
         {"list", "[]"},
         {"none", "{}"},
         {"odd", R"({"interfaces": 1})"},
         {"f", R"({"interfaces": {}})"}});
  for (const char* flow : {"bad", "list", "none", "odd"}) EXPECT_EQ(table_.find(flow), nullptr) << flow;
  EXPECT_NE(table_.find("f"), nullptr);
  table_.apply({}, [](const auto&) {});
  EXPECT_EQ(table_.find("f"), nullptr);
}

TEST_F(FlowTableTest, WaitersRunWhenTheirConditionHolds) {
  int known = 0, present = 0, absent = 0;
  const auto waiter = table_.when(Wanted::known, "", [&] { ++known; });
  table_.when(Wanted::present, "f", [&] { ++present; });
  table_.when(Wanted::absent, "f", [&] { ++absent; });
  EXPECT_EQ(known + present + absent, 0);
  apply({{"f", R"({"interfaces": {}})"}});
  EXPECT_EQ(known, 1);
  EXPECT_EQ(present, 1);
  EXPECT_EQ(absent, 0);
  apply({});
  EXPECT_EQ(absent, 1);
  waiter->run();
  EXPECT_EQ(known, 1);
  EXPECT_EQ(table_.when(Wanted::known, "", [&] { ++known; }), nullptr);
  EXPECT_EQ(known, 2);
}

TEST_F(FlowTableTest, AWaiterRunByItsDeadlineDoesNotRunAgain) {
  int runs = 0;
  table_.when(Wanted::present, "f", [&] { ++runs; })->run();
  EXPECT_EQ(runs, 1);
  apply({{"f", R"({"interfaces": {}})"}});
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace omnibus::gateway
