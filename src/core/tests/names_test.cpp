#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <omnibus/error.hpp>
#include <omnibus/properties.hpp>
#include <omnibus/queue_name.hpp>

#include "core/text.hpp"
#include "core/url.hpp"

namespace omnibus {
namespace {

using testing::HasSubstr;

template <class F>
std::string config_error(F&& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(QueueName, AgreesWithTheRecordedTopics) {
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/topics.jsonl");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto recorded = nlohmann::json::parse(line);
    const auto text = recorded["topic"].get<std::string>();
    if (recorded.contains("error")) {
      EXPECT_THROW(QueueName::parse(text), ConfigError) << text;
    } else {
      EXPECT_EQ(QueueName::parse(text).persistent_uri(), recorded["pulsar"]) << text;
    }
  }
  EXPECT_GT(cases, 10);
}

TEST(QueueName, SplitsAfterTheNamespace) {
  const auto name = QueueName::parse("q2/acme/prod/a:b/c");
  EXPECT_EQ(name.qos, Qos::exactly_once);
  EXPECT_EQ(name.tenant, "acme");
  EXPECT_EQ(name.space, "prod");
  EXPECT_EQ(name.name, "a:b/c");
  EXPECT_EQ(QueueName::parse(name.str()), name);
}

TEST(QueueName, RefusesMalformedTextNamingIt) {
  for (const std::string text :
       {"", "q1", "q1/a", "q1//b/c", "q1/a//c", "q1/a/b/", "q1/a/b/c/", "q1/a/b/c//d", "Q1/a/b/c",
        "q1/a/b/c\n", "q1/a/b/\xff", "http://a/b/c", "a/b/c", "/q1/a/b/c"}) {
    const std::string reason = config_error([&] { QueueName::parse(text); });
    EXPECT_THAT(reason, HasSubstr("expected {q0|q1|q2}/{tenant}/{namespace}/{queue}")) << text;
  }
}

TEST(QueueName, AllowsExactly200Bytes) {
  const std::string base = "q1/t/n/";
  EXPECT_NO_THROW(QueueName::parse(base + std::string(200 - base.size(), 'x')));
  EXPECT_THROW(QueueName::parse(base + std::string(201 - base.size(), 'x')), ConfigError);
}

TEST(Topic, HasTheDefaultsOfTheSpec) {
  EXPECT_EQ(topic("my-queue").str(), "q1/tg/flow/my-queue");
  EXPECT_EQ(topic("config", Qos::exactly_once, "tg", "config").str(), "q2/tg/config/config");
  EXPECT_THROW(topic(""), ConfigError);
}

TEST(DerivedName, IsCutAndHashedBeyond200Bytes) {
  EXPECT_EQ(derived_name("short", "--dead"), "short--dead");
  const std::string base(198, 'a');
  const std::string derived = derived_name(base, "--dead");
  EXPECT_EQ(derived.size(), 150u + 2 + 16 + 6);
  EXPECT_TRUE(derived.starts_with(std::string(150, 'a') + "--"));
  EXPECT_TRUE(derived.ends_with("--dead"));
  EXPECT_NE(derived, derived_name(std::string(199, 'a'), "--dead"));
}

TEST(DerivedName, NeverCutsACharacter) {
  std::string base = "x";
  while (base.size() < 210) base += "é";
  EXPECT_TRUE(text::is_utf8(derived_name(base, "--dead")));
}

TEST(DeadLetterQueue, IsNamedAfterQueueAndSubscription) {
  EXPECT_EQ(dead_letter_queue(topic("in"), "readers").str(), "q1/tg/flow/in--readers--dead");
  const auto longest = dead_letter_queue(topic(std::string(180, 'q')), std::string(200, 's'));
  EXPECT_LE(longest.str().size(), 200u);
  const QueueName wide{.name = "q", .tenant = std::string(160, 't'), .space = "n"};
  const auto dead = dead_letter_queue(wide, std::string(100, 's'));
  EXPECT_EQ(dead.tenant, wide.tenant);
  EXPECT_LE(dead.str().size(), 200u);
}

TEST(SubscriptionName, HasTheLimitsOfNames) {
  EXPECT_NO_THROW(validate_subscription("a--b/c:d é"));
  EXPECT_THROW(validate_subscription(""), ConfigError);
  EXPECT_THROW(validate_subscription("a\tb"), ConfigError);
  EXPECT_THROW(validate_subscription(std::string(201, 'a')), ConfigError);
}

TEST(Properties, AreCheckedAgainstTheirLimits) {
  EXPECT_NO_THROW(validate(Properties{{std::string(200, 'k'), std::string(32768, 'v')}}));
  EXPECT_THAT(config_error([] { validate(Properties{{std::string(201, 'k'), "v"}}); }), HasSubstr("200"));
  EXPECT_THAT(config_error([] { validate(Properties{{"k", std::string(32769, 'v')}}); }), HasSubstr("32768"));
  EXPECT_THAT(config_error([] {
                validate(Properties{{"a", std::string(32768, 'v')}, {"b", std::string(32768, 'v')}});
              }),
              HasSubstr("65536"));
  EXPECT_THAT(config_error([] { validate(Properties{{"k", std::string("a\0b", 3)}}); }), HasSubstr("U+0000"));
  EXPECT_THAT(config_error([] { validate(Properties{{"k", "\xc0\x80"}}); }), HasSubstr("UTF-8"));
  EXPECT_THAT(config_error([] { validate(Properties{{"", "v"}}); }), HasSubstr("empty"));
}

TEST(Properties, ReservedKeysAreForTheLibrary) {
  const Properties properties{{"omnibus-dead-reason", "x"}};
  EXPECT_THAT(config_error([&] { validate(properties); }), HasSubstr("reserved"));
}

TEST(Text, KnowsWellFormedUtf8) {
  for (const char* good : {"", "a", "\x7f", "é", "€", "𝄞", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(text::is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(text::is_utf8(bad)) << bad;
  }
}

TEST(Text, UuidsHaveVersion4AndDiffer) {
  const std::string id = text::uuid();
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_THAT(std::string("89ab"), HasSubstr(std::string(1, id[19])));
  EXPECT_NE(id, text::uuid());
}

TEST(Url, IsSplitAndItsQueryDecoded) {
  const auto config = parse_url("embedded:///var/my%20dir?durability=group%3A5&x=&flag");
  EXPECT_EQ(config.scheme, "embedded");
  EXPECT_EQ(config.rest, "/var/my%20dir");
  EXPECT_EQ(config.parameters, (Extra{{"durability", "group:5"}, {"x", ""}, {"flag", ""}}));
}

TEST(Url, MalformedTextIsRefused) {
  for (const char* bad : {"", "embedded", "://x", "Embedded://", "embedded://?a=%4", "embedded://?a=1&a=2",
                          "embedded://?=1", "a b://"}) {
    EXPECT_NE(config_error([&] { parse_url(bad); }), "") << bad;
  }
}

TEST(Url, SecretsAreMasked) {
  EXPECT_EQ(without_secrets("amqp://user:secret@host:5672/v"), "amqp://***@host:5672/v");
  EXPECT_EQ(without_secrets("amqp://host:5672/v"), "amqp://host:5672/v");
  EXPECT_EQ(without_secrets("pulsar://h:6650?token=abc&listener=x"), "pulsar://h:6650?token=***&listener=x");
  EXPECT_EQ(without_secrets("pulsar:/h?token=abc"), "pulsar:/h");
}

}  // namespace
}  // namespace omnibus
