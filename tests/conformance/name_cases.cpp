#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Name : public Case {};

/// Parts that a mapping onto a broker's names could confuse, lose or refuse.
std::vector<std::string> weird_parts() {
  return {"a:b",        "a/b",     "a/b:c",       "a_b",     "a-b",       "a.b",      "A.B",
          "a b",        "a%3Ab",   "a%3ab",       "a-3Ab",   "a+b",       "#",        "+",
          "$share",     "*",       ">",           "..",      "%",         "\"'",      "back\\slash",
          "~!@&=()",    "q1",      "persistent:", "ünïcödé", "消息/队列", "😀",        "a--b",
          "a--b--dead", "{curly}", "[0]",         "a,b;c",   "trailing.", "-leading", "a\u00a0b"};
}

TEST_F(Name, KeepsWeirdQueuesApart) {
  const auto base = queue("weird").name + "/";
  std::vector<Consumer<Item>> consumers;
  for (const auto& part : weird_parts()) consumers.push_back(consumer(topic(base + part)));
  std::int64_t number = 0;
  for (const auto& part : weird_parts()) producer(topic(base + part)).send(item(number++, part));
  number = 0;
  for (auto& each : consumers) {
    SCOPED_TRACE(each.queue().str());
    const auto message = next(each);
    EXPECT_EQ(message->number, number);
    EXPECT_EQ(message->source, weird_parts()[static_cast<std::size_t>(number++)]);
    each.acknowledge(message);
  }
  for (auto& each : consumers) EXPECT_FALSE(each.poll()) << each.queue().str();
}

TEST_F(Name, KeepsWeirdSubscriptionsApart) {
  const auto where = queue();
  std::vector<Consumer<Item>> consumers;
  for (const auto& part : weird_parts()) consumers.push_back(consumer(where, part));
  producer(where).send(item(7));
  for (auto& each : consumers) {
    SCOPED_TRACE(each.subscription());
    const auto message = next(each);
    EXPECT_EQ(message->number, 7);
    each.acknowledge(message);
  }
}

TEST_F(Name, MayHave200BytesAndNotOneMore) {
  auto longest = queue("long");
  longest.name += std::string(200 - longest.str().size(), 'n');
  const std::string subscription(200, 's');
  auto inbox = consumer(longest, subscription);
  producer(longest).send(item(1));
  inbox.acknowledge(next(inbox));
  auto longer = longest;
  longer.name += "n";
  EXPECT_TRUE(fails_with(ErrorCode::config, [&] { producer(longer); }));
  EXPECT_TRUE(fails_with(ErrorCode::config, [&] { consumer(longer); }));
  EXPECT_TRUE(fails_with(ErrorCode::config, [&] { consumer(longest, subscription + "s"); }));
}

TEST_F(Name, MalformedTextIsAConfigErrorWithTextAndForm) {
  const std::vector<std::string> malformed{"",
                                           "q1",
                                           "q1/tg",
                                           "q1/tg/flow",
                                           "q1/tg/flow/",
                                           "q1//flow/x",
                                           "/tg/flow/x",
                                           "q1/tg//x",
                                           "q1/tg/flow//x",
                                           "q1/tg/flow/x/",
                                           "q1/tg/flow/a//b",
                                           "q3/tg/flow/x",
                                           "Q1/tg/flow/x",
                                           " q1/tg/flow/x",
                                           "tg/flow/x",
                                           "persistent://tg/flow",
                                           "persistent://tg/flow/",
                                           "persistent://",
                                           "kafka://tg/flow/x",
                                           "q1/tg/flow/" + std::string(190, 'x')};
  for (const auto& text : malformed) {
    SCOPED_TRACE("'" + text + "'");
    const auto error = error_of([&] { QueueName::parse(text); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::config);
    const std::string what = error->what();
    EXPECT_NE(what.find(text.substr(0, 40)), std::string::npos) << what;
    EXPECT_NE(what.find("{q0|q1|q2}/{tenant}/{namespace}/{queue}"), std::string::npos) << what;
  }
}

TEST_F(Name, ControlCharactersAndBrokenUtf8AreRefused) {
  using namespace std::string_literals;
  const std::vector<std::string> malformed{"q1/tg/flow/a\nb", "q1/tg/flow/a\tb",    "q1/tg/flow/a\0b"s,
                                           "q1/tg/flow/\x7f", "q1/tg/flow/\xc3",    "q1/tg/flow/\xed\xa0\x80",
                                           "q1/t\rg/flow/x",  "q1/tg/flow/\xff\xfe"};
  for (const auto& text : malformed) {
    const auto error = error_of([&] { QueueName::parse(text); });
    ASSERT_TRUE(error) << ::testing::PrintToString(text);
    EXPECT_EQ(error->code(), ErrorCode::config);
    EXPECT_NE(std::string(error->what()).find("{queue}"), std::string::npos) << error->what();
  }
  for (const std::string subscription : {"a\nb", "\x01", "\xff"}) {
    EXPECT_TRUE(fails_with(ErrorCode::config, [&] { consumer(queue(), subscription); }));
  }
}

TEST_F(Name, MalformedStructsAreRefusedByTheBus) {
  const std::vector<QueueName> malformed{{.name = ""},
                                         {.name = "x", .tenant = ""},
                                         {.name = "x", .space = ""},
                                         {.name = "x", .tenant = "a/b"},
                                         {.name = "x", .space = "a/b"},
                                         {.name = "a//b"}};
  for (const auto& name : malformed) {
    SCOPED_TRACE(name.str());
    EXPECT_TRUE(fails_with(ErrorCode::config, [&] { producer(name); }));
    EXPECT_TRUE(fails_with(ErrorCode::config, [&] { consumer(name); }));
  }
}

TEST_F(Name, PersistentFormsMeanQ1AndQ0) {
  EXPECT_EQ(QueueName::parse("persistent://a/b/c:d/e").str(), "q1/a/b/c:d/e");
  EXPECT_EQ(QueueName::parse("non-persistent://a/b/c").str(), "q0/a/b/c");
  const auto where = queue();
  auto inbox = consumer(QueueName::parse("persistent://tg/flow/" + where.name));
  producer(where).send(item(3));
  EXPECT_EQ(next(inbox)->number, 3);
}

TEST_F(Name, Q1AndQ2AreOneQueue) {
  NEEDS(send_deduplication);
  const auto q1 = queue("one", Qos::at_least_once), q2 = queue("one", Qos::exactly_once);
  auto first = consumer(q1, "first");
  auto second = consumer(q2, "second");
  producer(q1).send(item(1));
  producer(q2).send(item(2));
  EXPECT_EQ(numbers(take(first, 2)), range(1, 2));
  EXPECT_EQ(numbers(take(second, 2)), range(1, 2));
}

TEST_F(Name, Q0IsAnotherQueue) {
  NEEDS(best_effort);
  NEEDS_MORE_THAN_WEAKER(separate_best_effort);
  const auto q0 = queue("two", Qos::best_effort), q1 = queue("two", Qos::at_least_once);
  auto loose = consumer(q0);
  auto firm = consumer(q1);
  producer(q0).send(item(10));
  producer(q1).send(item(11));
  EXPECT_EQ(next(loose)->number, 10);
  EXPECT_EQ(next(firm)->number, 11);
  EXPECT_TRUE(silent(loose));
  EXPECT_FALSE(firm.poll());
}

TEST_F(Name, DerivedNamesStayWithin200Bytes) {
  auto where = queue("derived");
  where.name += std::string(200 - where.str().size(), 'd');
  const std::string subscription(180, 's');
  const auto dead = dead_letter_queue(where, subscription);
  EXPECT_LE(dead.str().size(), 200u);
  EXPECT_TRUE(dead.str().ends_with("--dead"));
  EXPECT_NE(dead, dead_letter_queue(where, subscription + "t"));
  auto letters = consumer(dead, "dead");
  auto inbox = consumer(where, subscription, quick({.max_attempts = 1}));
  producer(where).send(item(5));
  inbox.negative_acknowledge(next(inbox));
  EXPECT_EQ(next(letters)->number, 5);
}

}  // namespace
}  // namespace omnibus::conformance
