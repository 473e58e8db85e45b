#include "services/config/requests.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include <omnibus/error.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::config {
namespace {

using catalogue::ConfigKey;
using catalogue::ConfigValue;

class ConfigRequests : public testing::Test {
 protected:
  ConfigRequests()
      : file_(std::filesystem::temp_directory_path() /
              ("omnibus-config-requests-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name())),
        store_(fresh(file_)) {}
  ~ConfigRequests() override { fresh(file_); }

  static std::filesystem::path fresh(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
    return file;
  }

  Requests requests(std::size_t max_message = 0) {
    return {store_, max_message, [this](const Snapshot& snapshot) { announced_.push_back(snapshot); }};
  }
  static ConfigCall put(std::vector<ConfigValue> values) {
    return {.operation = "put", .values = std::move(values)};
  }
  static ConfigCall apply(std::optional<std::int64_t> if_version, std::vector<ConfigValue> values,
                          std::vector<ConfigKey> keys) {
    return {
        .operation = "apply", .if_version = if_version, .put = std::move(values), .delete_ = std::move(keys)};
  }

  std::filesystem::path file_;
  Store store_;
  std::vector<Snapshot> announced_;
};

TEST_F(ConfigRequests, PutAnswersDefaultsAndAnnouncesOnce) {
  const auto answer = requests().handle(put({{"t", "b", "1"}, {"t", "a", "\"two\""}}));
  EXPECT_EQ(answer.error, std::nullopt);
  EXPECT_EQ(answer.version, 0);
  ASSERT_EQ(announced_.size(), 1u);
  EXPECT_EQ(announced_[0].version, 1);
  EXPECT_EQ(announced_[0].values, (Values{{"t", {{"a", "\"two\""}, {"b", "1"}}}}));
}

TEST_F(ConfigRequests, GetAnswersInTheOrderAskedAndNullForUnknownKeys) {
  requests().handle(put({{"t", "a", "1"}, {"t", "b", "2"}}));
  const auto answer =
      requests().handle({.operation = "get", .keys = {{{"t", "b"}, {"t", "nope"}, {"t", "a"}}}});
  EXPECT_EQ(answer.version, 1);
  EXPECT_EQ(answer.values,
            (std::vector<ConfigValue>{{"t", "b", "2"}, {"t", "nope", std::nullopt}, {"t", "a", "1"}}));
  EXPECT_EQ(answer.directory, std::vector<std::string>{});
}

TEST_F(ConfigRequests, ListsKeysAndValues) {
  requests().handle(put({{"t", "b", "2"}, {"t", "a", "1"}}));
  EXPECT_EQ(requests().handle({.operation = "list", .type = "t"}).directory,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(requests().handle({.operation = "list", .type = "no"}).directory, std::vector<std::string>{});
  EXPECT_EQ(requests().handle({.operation = "getvalues", .type = "t"}).values,
            (std::vector<ConfigValue>{{"t", "a", "1"}, {"t", "b", "2"}}));
}

TEST_F(ConfigRequests, DeleteOfAMissingKeyStillRaisesTheVersion) {
  const auto answer = requests().handle({.operation = "delete", .keys = {{{"t", "nope"}}}});
  EXPECT_EQ(answer.error, std::nullopt);
  EXPECT_EQ(announced_.size(), 1u);
  EXPECT_EQ(requests().handle({.operation = "config"}).version, 1);
}

TEST_F(ConfigRequests, ApplyChangesEverythingAtOnce) {
  requests().handle(put({{"t", "old", "1"}}));
  const auto answer = requests().handle(apply(1, {{"t", "new", "2"}, {"u", "k", "3"}}, {{"t", "old"}}));
  EXPECT_EQ(answer.error, std::nullopt);
  EXPECT_EQ(answer.version, 2);
  ASSERT_EQ(announced_.size(), 2u);
  EXPECT_EQ(announced_[1].values, (Values{{"t", {{"new", "2"}}}, {"u", {{"k", "3"}}}}));
}

TEST_F(ConfigRequests, ApplyRefusesAVersionThatMoved) {
  requests().handle(put({{"t", "k", "1"}}));
  const auto answer = requests().handle(apply(0, {{"t", "k", "2"}}, {}));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->type, "conflict");
  EXPECT_EQ(answer.version, 1);
  EXPECT_EQ(announced_.size(), 1u);
  EXPECT_EQ(store_.get("t", "k"), "1");
}

TEST_F(ConfigRequests, ApplyWithoutAVersionAlwaysHappens) {
  EXPECT_EQ(requests().handle(apply(std::nullopt, {{"t", "k", "2"}}, {})).version, 1);
}

TEST_F(ConfigRequests, RefusesAnUnknownOperation) {
  for (const char* operation : {"zap", ""}) {
    const auto answer = requests().handle({.operation = operation});
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(*answer.error, (catalogue::Error{"bad-operation", "Bad operation"}));
  }
}

TEST_F(ConfigRequests, SaysWhichFieldIsMissing) {
  const auto message = [&](ConfigCall call) {
    const auto answer = requests().handle(call);
    return answer.error ? answer.error->type + ": " + answer.error->message : "no error";
  };
  EXPECT_EQ(message({.operation = "get"}), "config-error: 'get' needs 'keys'");
  EXPECT_EQ(message({.operation = "put"}), "config-error: 'put' needs 'values'");
  EXPECT_EQ(message({.operation = "apply", .if_version = 0}),
            "config-error: 'apply' needs 'put' or 'delete'");
  EXPECT_EQ(message({.operation = "list"}), "config-error: 'list' needs 'type'");
  EXPECT_EQ(message(put({{"t", "k", std::nullopt}})), "config-error: the value of 't' / 'k' is null");
  EXPECT_TRUE(announced_.empty());
}

TEST_F(ConfigRequests, AnswersTooLargeBeforeAnythingIsWritten) {
  auto limited = requests(4096);
  EXPECT_EQ(limited.handle(put({{"t", "small", std::string(1000, 'x')}})).error, std::nullopt);
  const auto answer = limited.handle(put({{"t", "large", std::string(3000, 'x')}}));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->type, "too_large");
  EXPECT_EQ(store_.version(), 1);
  EXPECT_EQ(store_.get("t", "large"), std::nullopt);
  EXPECT_EQ(announced_.size(), 1u);
}

TEST_F(ConfigRequests, SaysThatAChangeIsStoredWhenItCannotBeAnnounced) {
  Requests silent(store_, 0, [](const Snapshot&) { throw Error(ErrorCode::unavailable, "no link"); });
  const auto answer = silent.handle(put({{"t", "k", "1"}}));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->type, "config-error");
  EXPECT_NE(answer.error->message.find("stored as version 1"), std::string::npos) << answer.error->message;
  EXPECT_EQ(store_.get("t", "k"), "1");
}

TEST(ConfigCallOnTheWire, IsAConfigRequestWithMore) {
  const ConfigCall call{
      .operation = "apply", .if_version = 7, .put = {{{"t", "k", "1"}}}, .delete_ = {{{"t", "old"}}}};
  std::string text;
  schema::type_of<ConfigCall>().encode_json(&call, {}, text);
  EXPECT_EQ(text, R"({"operation":"apply","if_version":7,"put":[{"type":"t","key":"k","value":"1"}],)"
                  R"("delete":[{"type":"t","key":"old"}]})");
}

}  // namespace
}  // namespace omnibus::config
