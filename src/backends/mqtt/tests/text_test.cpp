/// Names, escapes, envelopes and what a URL says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "backends/mqtt/envelope.hpp"
#include "backends/mqtt/packet.hpp"
#include "backends/mqtt/parameters.hpp"
#include "backends/mqtt/retry.hpp"
#include "backends/mqtt/topic.hpp"
#include "backends/mqtt/user_text.hpp"

namespace omnibus::mqtt {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

TEST(Topic, IsTenantNamespaceAndQueueWhateverTheQuality) {
  for (const std::string quality : {"q0", "q1", "q2"}) {
    EXPECT_EQ(topic_of(QueueName::parse(quality + "/tg/flow/chunk:f1")), "tg/flow/chunk:f1");
  }
  EXPECT_EQ(topic_of(QueueName::parse("q1/$tg/a+b/c#/100%/$x")), "%24tg/a%2Bb/c%23/100%25/$x");
}

TEST(Topic, OfOddNamesIsOneThatBrokersTake) {
  for (const auto* name : {"q1/t/n/\u0085", "q1/t/n/\ufdd0x", "q1/t/n/\U0010ffff", "q1/t/n/ключ"}) {
    const auto topic = topic_of(QueueName::parse(name));
    EXPECT_TRUE(is_topic(topic)) << topic;
    EXPECT_FALSE(is_unwelcome(topic)) << topic;
    EXPECT_EQ(unescaped(topic), std::string(name).substr(3));
  }
}

TEST(Topic, NamesOfDifferentSubscriptionsDiffer) {
  const auto queue = QueueName::parse("q1/t/n/x"), other = QueueName::parse("q1/t/n/y");
  const SubscriptionNames one(queue, "a/b", "p-"), two(queue, "a-b", "p-"), three(other, "a/b", "p-");
  EXPECT_NE(one.home(), two.home());
  EXPECT_NE(one.home(), three.home());
  EXPECT_EQ(one.shared_filter(), "$share/a%2Fb/t/n/x");
  EXPECT_EQ(one.member_of(one.presence("somebody")), "somebody");
  EXPECT_NE(one.of_instance("1"), one.of_instance("2"));
}

TEST(UserText, IsEscapedReversibly) {
  for (const auto text : {"a\x01z"sv, "\x7f"sv, "\u0080"sv, "\ufffe"sv, "\U0001ffff"sv, "100%"sv, " é "sv}) {
    EXPECT_EQ(unescaped(escaped(text)), text);
    EXPECT_FALSE(is_unwelcome(escaped(text)));
  }
  for (const auto text : {"plain"sv, "ключ"sv, "😀"sv, "\u00a0"sv, "\ufffd"sv, ""sv})
    EXPECT_FALSE(is_unwelcome(text));
  EXPECT_EQ(unescaped("%zz %4"), "%zz %4");
}

TEST(Envelope, CarriesKeyAndProperties) {
  const driver::Outgoing message{
      .payload = std::string("\0body", 5), .properties = {{"a", "1"}, {"", ""}}, .key = "k"};
  const auto wrapped = wrap(message);
  const auto found = unwrap(wrapped);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, "k");
  EXPECT_EQ(found->properties, message.properties);
  EXPECT_EQ(found->payload, message.payload);
  for (std::size_t size = 0; size < wrapped.size() - message.payload.size(); ++size) {
    EXPECT_FALSE(unwrap(std::string_view(wrapped).substr(0, size))) << size;
  }
  EXPECT_TRUE(is_marked(wrapped));
  EXPECT_FALSE(unwrap("payload"));
}

TEST(Retry, TellsAttemptAndTime) {
  Inbound message{.properties = {{"a", "1"}}};
  auto copy = retry_of(message, 3, std::chrono::hours(1));
  std::uint32_t attempt = 0;
  const auto due = take_retry(copy.properties, attempt);
  ASSERT_TRUE(due);
  EXPECT_EQ(attempt, 3u);
  EXPECT_GT(*due, std::chrono::system_clock::now() + std::chrono::minutes(59));
  EXPECT_EQ(copy.properties, message.properties);
  EXPECT_FALSE(take_retry(copy.properties, attempt));
}

Parameters parsed(std::string rest, Extra parameters = {}, std::string scheme = "mqtt") {
  driver::BackendConfig config;
  config.scheme = std::move(scheme);
  config.rest = std::move(rest);
  config.parameters = std::move(parameters);
  return parse_parameters(config);
}

TEST(ParametersOfMqtt, AreReadFromTheUrl) {
  const auto found = parsed("me:p%40ss@one,two:1884/", {{"keep_alive", "2m"},
                                                        {"session_expiry", "7d"},
                                                        {"version", "3.1.1"},
                                                        {"properties", "envelope"},
                                                        {"client_id_prefix", "x-"}});
  ASSERT_EQ(found.brokers.size(), 2u);
  EXPECT_EQ(found.brokers[0].str(), "one:1883");
  EXPECT_EQ(found.brokers[1].str(), "two:1884");
  EXPECT_EQ(found.user, "me");
  EXPECT_EQ(found.read_password(), "p@ss");
  EXPECT_EQ(found.keep_alive.count(), 120);
  EXPECT_EQ(found.session_expiry, 7u * 86400);
  EXPECT_EQ(found.version, Version::v311);
  EXPECT_TRUE(found.envelope);
  EXPECT_EQ(parsed("h", {}, "mqtts").brokers[0].port, 8883);
  EXPECT_EQ(parsed("h").session_expiry, 0xffffffffu);
}

TEST(ParametersOfMqtt, MistakesNameTheParameter) {
  const std::vector<std::pair<Extra, std::string>> cases{
      {{{"keep_alive", "20"}}, "keep_alive"},
      {{{"keep_alive", "0s"}}, "keep_alive"},
      {{{"keep_alive", "19h"}}, "keep_alive"},
      {{{"session_expiry", "always"}}, "session_expiry"},
      {{{"version", "4"}}, "version"},
      {{{"properties", "json"}}, "properties"},
      {{{"client_id_prefix", "a b"}}, "client_id_prefix"},
      {{{"no_such", "1"}}, "no_such"},
      {{{"password", "x"}}, "no user"},
      {{{"tls_ca", "x"}}, "mqtts://"},
      {{{"user", "u"}, {"password_file", "/nowhere"}}, "/nowhere"}};
  for (const auto& [parameters, named] : cases) {
    try {
      parsed("host", parameters);
      ADD_FAILURE() << named << " was taken";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr(named));
    }
  }
  EXPECT_THROW(parsed(""), ConfigError);
  EXPECT_THROW(parsed("host:0"), ConfigError);
}

}  // namespace
}  // namespace omnibus::mqtt
