#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Failures : public Case {};
class Identity : public Case {};

std::string with_parameter(const std::string& url, const std::string& parameter) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + parameter;
}

TEST_F(Failures, UnreachableBrokerIsReportedInTime) {
  for (const auto& wrong : harness().unreachable()) {
    SCOPED_TRACE(wrong.url);
    const auto start = Clock::now();
    std::optional<Error> error;
    EXPECT_TRUE(fails_with_one_of(wrong.codes, [&] {
      try {
        connect(wrong.url, BusOptions{.connect_timeout = 2s});
      } catch (const Error& caught) {
        error = caught;
        throw;
      }
    }));
    EXPECT_LT(Clock::now() - start, 2s + options().patience / 4);
    if (!error) continue;
    const std::string what = error->what();
    EXPECT_NE(what.find(wrong.mentions), std::string::npos) << what;
    EXPECT_FALSE(error->hint().empty()) << what;
    EXPECT_NE(what.find(error->hint()), std::string::npos) << "the text lacks the hint: " << what;
  }
}

TEST_F(Failures, WrongCredentialsAreReported) {
  NEEDS(authentication);
  const auto url = harness().bad_credentials();
  ASSERT_TRUE(url) << "the harness of this backend knows no URL with wrong credentials";
  EXPECT_TRUE(fails_with_one_of({ErrorCode::authentication, ErrorCode::forbidden}, [&] { connect(*url); }));
}

TEST_F(Failures, UntrustedCertificateIsReported) {
  NEEDS(encryption);
  const auto url = harness().bad_certificate();
  ASSERT_TRUE(url) << "the harness of this backend knows no URL with an untrusted certificate";
  EXPECT_TRUE(fails_with_one_of({ErrorCode::authentication, ErrorCode::unavailable}, [&] { connect(*url); }));
}

TEST_F(Failures, UnknownParameterIsAConfigErrorThatNamesIt) {
  const auto error = error_of([&] { connect(with_parameter(harness().url(), "no_such_parameter=1")); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::config) << error->what();
  EXPECT_NE(std::string(error->what()).find("no_such_parameter"), std::string::npos) << error->what();
}

TEST_F(Failures, UnknownBackendListsTheKnown) {
  const auto error = error_of([&] { connect("carrierpigeon://localhost"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::config);
  const std::string what = error->what();
  EXPECT_NE(what.find("carrierpigeon"), std::string::npos) << what;
  EXPECT_NE(what.find("embedded"), std::string::npos) << what;
}

TEST_F(Failures, MalformedUrlIsAConfigError) {
  for (const std::string url :
       {"", "embedded", "://", "embedded:/x", "embedded://?x", "embedded://a?b=%zz"}) {
    SCOPED_TRACE(url);
    EXPECT_TRUE(fails_with(ErrorCode::config, [&] { connect(url); }));
  }
}

TEST_F(Failures, UnknownOptionOfTheBackendIsAConfigErrorThatNamesIt) {
  const Extra extra{{"no_such_option", "1"}};
  for (const auto& action :
       std::vector<std::function<void()>>{[&] { producer(queue(), {.extra = extra}); },
                                          [&] { consumer(queue(), "readers", {.extra = extra}); }}) {
    const auto error = error_of(action);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::config) << error->what();
    EXPECT_NE(std::string(error->what()).find("no_such_option"), std::string::npos) << error->what();
  }
}

TEST_F(Failures, PlacesOfItsOwnAreReadableAfterARefusedConnection) {
  error_of([&] { connect(with_parameter(harness().url(), "no_such_parameter=1")); });
  auto inbox = consumer(queue());
  producer(queue()).send(item(1));
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(Failures, FullDiskIsAnErrorAndWhatWasConfirmedStays) {
  NEEDS(durable);
  if (features().has(Feature::link_loss)) {
    GTEST_SKIP() << "Feature::link_loss: the disk of a broker that runs elsewhere cannot be filled from here";
  }
  const auto url = harness().bounded({});
  ASSERT_TRUE(url);
  {
    auto fresh = connect(*url);
    fresh.create_consumer<Item>(queue(), "readers").close();
    fresh.close();
  }
  // The worker may not let a file grow past 3 MiB: what a full disk does to it.
  auto victim =
      worker("produce", queue(),
             {{"url", *url}, {"from", "1"}, {"to", "5000"}, {"size", "4000"}, {"file_limit", "3145728"}});
  std::int64_t confirmed = 0;
  std::string failure;
  for (const auto& line : victim->rest()) {
    if (line.starts_with("confirmed ")) confirmed = std::stoll(line.substr(10));
    if (line.starts_with("failed ")) failure = line;
  }
  EXPECT_EQ(victim->join(), 1) << "the worker did not end with an error";
  EXPECT_TRUE(failure.starts_with("failed no_space") || failure.starts_with("failed io")) << failure;
  auto again = connect(*url);
  auto inbox = again.create_consumer<Item>(queue(), "readers");
  for (std::int64_t number = 1; number <= confirmed; ++number) {
    ASSERT_EQ(next(inbox)->number, number);
  }
  report("confirmed before the disk was full", static_cast<std::uint64_t>(confirmed));
  again.create_producer<Item>(queue()).send(item(-1));
}

TEST_F(Identity, UnnamedProducersOfOneBusAreNotTakenForOneAnother) {
  auto inbox = consumer(queue());
  auto left = producer(queue());
  auto right = producer(queue());
  for (std::int64_t number = 0; number < 20; ++number) (number % 2 == 0 ? left : right).send(item(number));
  EXPECT_EQ(numbers(take(inbox, 20)), range(0, 19));
}

TEST_F(Identity, UnnamedProducersOfTwoConnectionsAreNotTakenForOneAnother) {
  auto inbox = consumer(queue());
  auto left = connect().create_producer<Item>(queue());
  auto right = connect().create_producer<Item>(queue());
  for (std::int64_t number = 0; number < 20; ++number) (number % 2 == 0 ? left : right).send(item(number));
  EXPECT_EQ(numbers(take(inbox, 20)), range(0, 19));
}

TEST_F(Identity, UnnamedProducersOfTwoProcessesAreNotTakenForOneAnother) {
  NEEDS(durable);
  auto inbox = consumer(queue());
  auto left = worker("produce", queue(), {{"from", "0"}, {"to", "9"}});
  auto right = worker("produce", queue(), {{"from", "10"}, {"to", "19"}});
  left->await("done");
  right->await("done");
  EXPECT_EQ(number_set(take(inbox, 20)).size(), 20u);
  EXPECT_TRUE(silent(inbox));
}

TEST_F(Identity, RestartedUnnamedProducerIsANewOne) {
  NEEDS(durable);
  consumer(queue()).close();
  for (std::int64_t round = 0; round < 3; ++round) {
    auto outbox = producer(queue());
    send_range(outbox, round * 5, round * 5 + 4);
    outbox.close();
    restart_broker();
  }
  auto inbox = consumer(queue());
  EXPECT_EQ(numbers(take(inbox, 15)), range(0, 14));
}

TEST_F(Identity, SameInstanceTwiceIsAConflictOrLosesNothing) {
  auto inbox = consumer(queue());
  auto first = connect(BusOptions{.instance = "twin"});
  auto left = first.create_producer<Item>(queue());
  left.send(item(1));
  const auto conflict = error_of([&] {
    auto second = connect(BusOptions{.instance = "twin"});
    auto right = second.create_producer<Item>(queue());
    right.send(item(2));
  });
  EXPECT_EQ(next(inbox)->number, 1);
  if (conflict) {
    EXPECT_EQ(conflict->code(), ErrorCode::conflict) << conflict->what();
    EXPECT_FALSE(conflict->retryable()) << "a take-over must not become a reconnect loop";
  } else {
    EXPECT_EQ(next(inbox)->number, 2);
  }
}

TEST_F(Identity, SecondLiveProducerOfOneNameIsAConflictOrLosesNothing) {
  NEEDS(send_deduplication);
  auto inbox = consumer(queue());
  auto first = producer(queue(), {.name = "twin"});
  first.send(item(1), {.sequence = 1});
  const auto conflict = error_of([&] {
    auto second = connect().create_producer<Item>(queue(), {.name = "twin"});
    second.send(item(2), {.sequence = 2});
  });
  EXPECT_EQ(next(inbox)->number, 1);
  if (conflict) {
    EXPECT_EQ(conflict->code(), ErrorCode::conflict) << conflict->what();
  } else {
    EXPECT_EQ(next(inbox)->number, 2);
  }
}

}  // namespace
}  // namespace omnibus::conformance
