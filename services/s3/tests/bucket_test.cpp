#include "services/s3/bucket.hpp"

#include <future>

#include <gtest/gtest.h>

#include "core/tests/thrown.hpp"
#include "services/s3/tests/object_server.hpp"

namespace omnibus::s3 {
namespace {

using namespace std::chrono_literals;

class ObjectBucket : public testing::Test {
 protected:
  Address address() const { return {.url = server_.url(), .bucket = "library", .who = ObjectServer::keys()}; }
  static Patience soon() { return {.attempts = 3, .backoff = 1ms}; }

  ObjectServer server_;
  Bucket bucket_{address(), soon()};
};

TEST_F(ObjectBucket, IsMadeOnce) {
  bucket_.make();
  EXPECT_TRUE(server_.has_bucket("library"));
  bucket_.put("a", "1");
  bucket_.make();
  EXPECT_EQ(server_.objects("library").size(), 1u);
}

TEST_F(ObjectBucket, KeepsObjects) {
  bucket_.make();
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  bucket_.put("doc/1-a", bytes);
  EXPECT_EQ(bucket_.get("doc/1-a"), bytes);
  bucket_.put("doc/1-a", "");
  EXPECT_EQ(bucket_.get("doc/1-a"), "");
  bucket_.remove("doc/1-a");
  bucket_.remove("doc/1-a");
  EXPECT_CODE(bucket_.get("doc/1-a"), ErrorCode::not_found);
}

TEST_F(ObjectBucket, ListsAllPagesOfAPrefix) {
  bucket_.make();
  std::set<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    bucket_.put(*expected.insert("a/" + std::to_string(i)).first, "x");
    bucket_.put("b/" + std::to_string(i), "x");
  }
  EXPECT_EQ(bucket_.list("a/"), expected);
  EXPECT_TRUE(bucket_.list("c/").empty());
}

TEST_F(ObjectBucket, TriesAgainWhatMayPass) {
  bucket_.make();
  server_.fail_next(2, "503 Slow Down", "<Error><Code>SlowDown</Code></Error>");
  bucket_.put("a", "1");
  EXPECT_EQ(server_.objects("library").at("a"), "1");
}

TEST_F(ObjectBucket, TellsWhatTheStoreSaidAfterTheLastAttempt) {
  server_.fail_next(3, "500 Oops",
                    "<Error><Code>InternalError</Code><Message>We &lt;3 you</Message></Error>");
  const auto error = error_of([&] { bucket_.put("a", "1"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
  EXPECT_TRUE(error->retryable());
  EXPECT_EQ(error->message(), "bucket 'library' at " + server_.url() +
                                  ": cannot put object 'a': status 500, InternalError: We <3 you");
  EXPECT_EQ(server_.asked(), 3u);
}

TEST_F(ObjectBucket, TellsOfWrongKeysAtOnceAndWithoutThem) {
  auto stranger = address();
  stranger.who.secret_key = "another";
  Bucket bucket(stranger, soon());
  const auto error = error_of([&] { bucket.put("a", "1"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::authentication);
  EXPECT_NE(error->message().find("SignatureDoesNotMatch: no & no"), std::string::npos) << error->what();
  EXPECT_EQ(std::string(error->what()).find("another"), std::string::npos) << error->what();
  EXPECT_EQ(server_.asked(), 1u);
}

TEST_F(ObjectBucket, TellsThatNobodyIsThere) {
  auto nowhere = address();
  nowhere.url = "http://127.0.0.1:1";
  Bucket bucket(nowhere, soon());
  const auto error = error_of([&] { bucket.make(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
  EXPECT_TRUE(error->retryable());
  EXPECT_NE(error->message().find("bucket 'library' at http://127.0.0.1:1: cannot find it"),
            std::string::npos)
      << error->what();
}

TEST_F(ObjectBucket, IsLeftWhileItWaitsForAnotherAttempt) {
  server_.fail_next(1000, "503 Slow Down");
  Bucket patient(address(), {.attempts = 1000, .backoff = 1h});
  auto result = std::async(std::launch::async, [&] { return code_of([&] { patient.put("a", "1"); }); });
  while (server_.asked() == 0) std::this_thread::yield();
  patient.leave();
  EXPECT_EQ(result.get(), ErrorCode::closed);
}

TEST(ObjectBucketOverTls, TrustsTheCertificatesItIsGiven) {
  ObjectServer server(http::Server::Kind::tls);
  Address address{.url = server.url(), .bucket = "library", .who = ObjectServer::keys()};
  Bucket distrustful(address, {.attempts = 1});
  EXPECT_CODE(distrustful.make(), ErrorCode::authentication);
  address.ca_file = server.ca_file();
  Bucket trusting(address, {.attempts = 1});
  trusting.make();
  trusting.put("a", "1");
  EXPECT_EQ(trusting.get("a"), "1");
}

TEST(ObjectBucketAddress, IsRefusedWhenItCannotBe) {
  const Address fine{.url = "http://h:1", .bucket = "library", .who = ObjectServer::keys()};
  const auto refuses = [&](auto change) {
    auto address = fine;
    change(address);
    return code_of([&] { Bucket bucket(address); }) == ErrorCode::config;
  };
  EXPECT_FALSE(refuses([](Address&) {}));
  EXPECT_TRUE(refuses([](Address& address) { address.url = "ftp://h"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.url = "http://h/path"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.url = "http://"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.bucket = "Library"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.bucket = "ab"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.region = "eu west"; }));
  EXPECT_TRUE(refuses([](Address& address) { address.who.access_key = ""; }));
  EXPECT_TRUE(refuses([](Address& address) { address.who.secret_key = "a b"; }));
}

}  // namespace
}  // namespace omnibus::s3
