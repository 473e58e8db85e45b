#include <gtest/gtest.h>

#include <omnibus/metrics.hpp>

namespace omnibus {
namespace {

TEST(Redacted, HidesValuesOfSecretNames) {
  for (const auto* name : {"cassandra_password", "PULSAR_API_KEY", "api-key", "token", "auth", "clientSecret",
                           "aws.credentials", "apikey"}) {
    EXPECT_EQ(redacted(name, "hush"), "***") << name;
  }
}

TEST(Redacted, ShowsEverythingElse) {
  for (const auto* name : {"cassandra_keyspace", "max_tokens", "monkey", "author", "concurrency", ""}) {
    EXPECT_EQ(redacted(name, "shown"), "shown") << name;
  }
}

TEST(Redacted, AbsentSecretsStayVisiblyAbsent) {
  EXPECT_EQ(redacted("password", ""), "");
  EXPECT_EQ(redacted("password", "None"), "None");
}

TEST(Redacted, HidesUserInformationInUrls) {
  EXPECT_EQ(redacted("url", "amqp://u:p@host:5672/v"), "amqp://***@host:5672/v");
  EXPECT_EQ(redacted("url", "nats://token@host"), "nats://***@host");
  EXPECT_EQ(redacted("url", "redis://:p@ss@host/0"), "redis://***@host/0");
  EXPECT_EQ(redacted("urls", "redis://a:b@h1,redis://c:d@h2"), "redis://***@h1,redis://***@h2");
  EXPECT_EQ(redacted("url", "http://host/path@2"), "http://host/path@2");
}

TEST(Redacted, HidesSecretParametersInUrls) {
  EXPECT_EQ(redacted("url", "pulsar://h?token=abc&x=1"), "pulsar://h?token=***&x=1");
  EXPECT_EQ(redacted("url", "http://h/?x=1&api_key=abc#f"), "http://h/?x=1&api_key=***#f");
}

}  // namespace
}  // namespace omnibus
