#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class MessageProperties : public Case {
 protected:
  /// Refused with a ConfigError, and nothing arrives.
  void expect_refused(const Properties& properties) {
    auto inbox = consumer(queue());
    auto outbox = producer(queue());
    EXPECT_TRUE(fails_with(ErrorCode::config, [&] { outbox.send(item(1), {.properties = properties}); }));
    outbox.send(item(2));
    EXPECT_EQ(next(inbox)->number, 2) << "a refused message was sent";
  }
  void expect_arrives(const Properties& properties) {
    auto inbox = consumer(queue());
    producer(queue()).send(item(1), {.properties = properties});
    const auto message = next(inbox);
    EXPECT_EQ(message.properties(), properties);
    inbox.acknowledge(message);
  }
};

TEST_F(MessageProperties, ArriveInTheirOrder) {
  Properties many;
  for (int i = 0; i < 100; ++i) many.set("key" + std::to_string((i * 37) % 100), std::to_string(i));
  auto inbox = consumer(queue());
  producer(queue()).send(item(1), {.properties = many});
  const auto message = next(inbox);
  EXPECT_EQ(std::vector(message.properties().begin(), message.properties().end()),
            std::vector(many.begin(), many.end()));
}

TEST_F(MessageProperties, NoneAreNone) {
  auto inbox = consumer(queue());
  producer(queue()).send(item(1));
  EXPECT_TRUE(next(inbox).properties().empty());
}

TEST_F(MessageProperties, MayBeWeird) {
  expect_arrives({{"empty", ""},
                  {"Case", "1"},
                  {"case", "2"},
                  {"CASE", "3"},
                  {"with space", " leading and trailing "},
                  {"a=b", "c=d"},
                  {"a:b", "c: d"},
                  {"line\nbreak", "\r\n\t\x01\x7f"},
                  {"ключ", "значение"},
                  {"😀", "\u2028\U0010ffff"},
                  {"{\"json\":1}", "[\"null\"]"},
                  {"%41", "%00 %zz"},
                  {"null", "null"},
                  {"content-type", "text/plain"},
                  {"key", "value"},
                  {"x-opt", "1"},
                  {"omnibus", "not the reserved prefix"}});
}

TEST_F(MessageProperties, MayReachEveryLimit) {
  Properties full;
  full.set("a", std::string(32 * 1024, 'v'));
  full.set("b", std::string(32 * 1024 - 2, 'v'));
  expect_arrives(full);
  expect_arrives({{std::string(200, 'k'), std::string(32 * 1024, 'v')}});
}

TEST_F(MessageProperties, LongKeysAreRefused) { expect_refused({{std::string(201, 'k'), "v"}}); }

TEST_F(MessageProperties, LongValuesAreRefused) { expect_refused({{"k", std::string(32 * 1024 + 1, 'v')}}); }

TEST_F(MessageProperties, TooMuchTogetherIsRefused) {
  Properties full;
  for (const char* key : {"a", "b", "c"}) full.set(key, std::string(22 * 1024, 'v'));
  expect_refused(full);
}

TEST_F(MessageProperties, ReservedKeysAreRefused) { expect_refused({{"omnibus-anything", "v"}}); }

TEST_F(MessageProperties, BrokenUtf8AndNulAreRefused) {
  using namespace std::string_literals;
  expect_refused({{"k", "\xff"}});
  expect_refused({{"\xc3", "v"}});
  expect_refused({{"k", "\xed\xa0\x80"}});
  expect_refused({{"k", "a\0b"s}});
  expect_refused({{"a\0b"s, "v"}});
}

TEST_F(MessageProperties, TextOfTheErrorNamesKeyAndLimit) {
  auto outbox = producer(queue());
  const auto error = error_of([&] {
    outbox.send(item(1), {.properties = {{"the-guilty-key", std::string(40'000, 'v')}}});
  });
  ASSERT_TRUE(error);
  const std::string what = error->what();
  EXPECT_NE(what.find("the-guilty-key"), std::string::npos) << what;
  EXPECT_LT(what.size(), 1000u) << "the text repeats the value";
}

TEST_F(MessageProperties, SurviveNackAndRestart) {
  NEEDS(durable);
  const Properties mine{{"a", "1"}, {"ключ", "знач\nение"}};
  {
    auto inbox = consumer(queue(), "readers", quick());
    producer(queue()).send(item(1), {.properties = mine, .key = "k"});
    inbox.negative_acknowledge(next(inbox));
    EXPECT_EQ(next(inbox).properties(), mine);
  }
  restart_broker();
  auto inbox = consumer(queue());
  const auto message = next(inbox);
  EXPECT_EQ(message.properties(), mine);
  EXPECT_EQ(message.key(), "k");
}

TEST_F(MessageProperties, PublishTimeIsTheSendersNow) {
  auto inbox = consumer(queue());
  const auto before = std::chrono::system_clock::now() - 1s;
  producer(queue()).send(item(1));
  const auto message = next(inbox);
  EXPECT_GE(message.publish_time(), std::chrono::time_point_cast<std::chrono::milliseconds>(before));
  EXPECT_LE(message.publish_time(), std::chrono::system_clock::now() + 1s);
}

}  // namespace
}  // namespace omnibus::conformance
