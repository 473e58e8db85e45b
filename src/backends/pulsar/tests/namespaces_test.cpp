#include "backends/pulsar/namespaces.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace omnibus::pulsar {
namespace {

using namespace std::chrono_literals;

driver::NamespaceConfig config() {
  return {.tenant = "t",
          .space = "s",
          .retention_time = 3min,
          .retention_bytes = std::numeric_limits<std::uint64_t>::max(),
          .subscription_expiry = 30min,
          .deduplication = true};
}

TEST(Namespaces, EverythingIsSetWhereNothingIs) {
  std::vector<std::string> kept;
  const auto changes = changes_for(config(), R"({"bundles":{},"deduplicationEnabled":null})", kept);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].path, "retention");
  EXPECT_EQ(changes[0].body, R"({"retentionTimeInMinutes":3,"retentionSizeInMB":-1})");
  EXPECT_EQ(changes[1].path, "subscriptionExpirationTime");
  EXPECT_EQ(changes[1].body, "30");
  EXPECT_EQ(changes[2].path, "deduplication");
  EXPECT_EQ(changes[2].body, "true");
  EXPECT_TRUE(kept.empty());
}

TEST(Namespaces, NumbersThatAreNoneAreTakenForUnset) {
  std::vector<std::string> kept;
  const auto changes = changes_for(config(), R"({"subscription_expiration_time_minutes":0.5})", kept);
  EXPECT_EQ(changes.size(), 3u);
}

TEST(Namespaces, NothingIsSetTwice) {
  std::vector<std::string> kept;
  const auto changes = changes_for(config(), R"({"retention_policies":{"retentionTimeInMinutes":3,
      "retentionSizeInMB":-1},"subscription_expiration_time_minutes":30,"deduplicationEnabled":true})",
                                   kept);
  EXPECT_TRUE(changes.empty());
  EXPECT_TRUE(kept.empty());
}

TEST(Namespaces, WhatSomebodyElseSetIsKeptAndTold) {
  std::vector<std::string> kept;
  const auto changes = changes_for(config(), R"({"retention_policies":{"retentionTimeInMinutes":60,
      "retentionSizeInMB":5},"subscription_expiration_time_minutes":7,"deduplicationEnabled":false})",
                                   kept);
  EXPECT_TRUE(changes.empty());
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0], "retention 60 min, 5 MiB (retention 3 min, unlimited is usual)");
  EXPECT_EQ(kept[1], "subscription expiry 7 min (subscription expiry 30 min is usual)");
  EXPECT_NE(kept[2].find("set-deduplication"), std::string::npos);
}

TEST(Namespaces, WhatIsNotAskedForIsLeft) {
  std::vector<std::string> kept;
  EXPECT_TRUE(changes_for({.tenant = "t", .space = "s"}, R"({"deduplicationEnabled":false})", kept).empty());
  EXPECT_TRUE(kept.empty());
}

TEST(Namespaces, AnAnswerThatIsNoObjectIsAProtocolError) {
  std::vector<std::string> kept;
  EXPECT_THROW(changes_for(config(), "<html>", kept), ProtocolError);
  EXPECT_THROW(changes_for(config(), "[]", kept), ProtocolError);
}

TEST(Namespaces, SettingsOfTheBrokerThatQ2SuffersFromAreTold) {
  const auto notes = broker_notes(
      R"({"transactionCoordinatorEnabled":"false","managedLedgerDefaultMarkDeleteRateLimit":"0.1"})");
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_NE(notes[0].find("transactionCoordinatorEnabled=false"), std::string::npos);
  EXPECT_NE(notes[1].find("managedLedgerDefaultMarkDeleteRateLimit=0.1"), std::string::npos);
  EXPECT_TRUE(broker_notes(R"({"transactionCoordinatorEnabled":"true",
      "managedLedgerDefaultMarkDeleteRateLimit":"0.0"})")
                  .empty());
  for (const auto* strange : {"", "[]", "<html>", R"({"managedLedgerDefaultMarkDeleteRateLimit":1})"}) {
    EXPECT_TRUE(broker_notes(strange).empty()) << strange;
  }
}

}  // namespace
}  // namespace omnibus::pulsar
