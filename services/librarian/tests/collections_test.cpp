#include "services/librarian/collections.hpp"

#include <regex>

#include "services/config/tests/with_configuration.hpp"

namespace omnibus::librarian {
namespace {

using catalogue::CollectionManagementRequest;
using catalogue::CollectionManagementResponse;
using catalogue::CollectionMetadata;

class CollectionsTest : public config::WithConfiguration {
 protected:
  CollectionManagementResponse ask(const CollectionManagementRequest& request) {
    auto answer = collections_.handle(request);
    EXPECT_TRUE(std::regex_match(answer.timestamp, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})")))
        << answer.timestamp;
    return answer;
  }
  std::string error_of(const CollectionManagementRequest& request) {
    const auto answer = ask(request);
    return answer.error ? answer.error->type + ": " + answer.error->message : "no error";
  }
  void update(std::string user, std::string collection, std::vector<std::string> tags = {}) {
    EXPECT_EQ(error_of({.operation = "update-collection",
                        .user = std::move(user),
                        .collection = std::move(collection),
                        .tags = std::move(tags)}),
              "no error");
  }
  std::vector<std::string> names(CollectionManagementRequest request) {
    request.operation = "list-collections";
    std::vector<std::string> out;
    for (const auto& each : ask(request).collections) out.push_back(each.collection);
    return out;
  }

  Collections collections_{config_};
};

TEST_F(CollectionsTest, AreKeptInTheConfiguration) {
  const auto answer = ask({.operation = "update-collection",
                           .user = "u",
                           .collection = "c",
                           .name = "N\xc3\xa9",
                           .description = "d",
                           .tags = {{"t"}}});
  const CollectionMetadata expected{
      .user = "u", .collection = "c", .name = "N\xc3\xa9", .description = "d", .tags = {"t"}};
  EXPECT_EQ(answer.collections, std::vector{expected});
  EXPECT_EQ(value("collection", "u:c"),
            R"({"user": "u", "collection": "c", "name": "N\u00e9", "description": "d", "tags": ["t"]})");
  EXPECT_EQ(ask({.operation = "list-collections", .user = "u"}).collections, std::vector{expected});
  EXPECT_EQ(ask({.operation = "delete-collection", .user = "u", .collection = "c"}).collections,
            std::vector<CollectionMetadata>{});
  EXPECT_EQ(value("collection", "u:c"), "");
  EXPECT_EQ(error_of({.operation = "delete-collection", .user = "u", .collection = "c"}), "no error");
}

TEST_F(CollectionsTest, AreNamedAfterThemselvesUnlessTold) {
  update("u", "c");
  EXPECT_EQ(ask({.operation = "list-collections", .user = "u"}).collections,
            (std::vector<CollectionMetadata>{{.user = "u", .collection = "c", .name = "c"}}));
}

TEST_F(CollectionsTest, AreListedByUserTagAndNumber) {
  update("u", "a", {"x", "y"});
  update("u", "b", {"y"});
  update("u", "c:d", {"z"});
  update("v", "e", {"x"});
  EXPECT_EQ(names({.user = "u"}), (std::vector<std::string>{"a", "b", "c:d"}));
  EXPECT_EQ(names({.user = "u", .tag_filter = {{"x", "z"}}}), (std::vector<std::string>{"a", "c:d"}));
  EXPECT_EQ(names({.user = "u", .tag_filter = std::vector<std::string>{}}).size(), 3u);
  EXPECT_EQ(names({.user = "u", .limit = 2}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names({.user = "u", .limit = 0}).size(), 3u);
  EXPECT_EQ(names({.user = "w"}), std::vector<std::string>{});
}

TEST_F(CollectionsTest, AreMadeUnlessSomebodyElseWasFirst) {
  const auto version = config_.read().version;
  collections_.create("u", "c", version);
  EXPECT_EQ(value("collection", "u:c"),
            R"({"user": "u", "collection": "c", "name": "c", "description": "", "tags": []})");
  try {
    collections_.create("u", "c", version);
    ADD_FAILURE() << "the configuration has changed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
  }
}

TEST_F(CollectionsTest, SayWhatIsWrong) {
  EXPECT_EQ(error_of({.operation = "nonesuch"}), "request-error: Invalid collection operation: nonesuch");
  EXPECT_EQ(error_of({}), "request-error: Null operation");
  EXPECT_EQ(error_of({.operation = "list-collections"}),
            "request-error: Failed to list collections: 'user' is missing");
  EXPECT_EQ(error_of({.operation = "update-collection", .user = "u"}),
            "request-error: Failed to update collection: 'collection' is missing");
  config_.put({{"collection", "u:c", "not JSON"}});
  EXPECT_EQ(error_of({.operation = "list-collections", .user = "u"})
                .find("request-error: Failed to list collections: collection 'u:c': "),
            0u);
  EXPECT_EQ(error_of({.operation = "list-collections", .user = "v"}), "no error");
}

TEST_F(CollectionsTest, SayWhenNobodyKeepsTheConfiguration) {
  config_service_->stop();
  config::Client nobody(bus_, "test", std::chrono::milliseconds(100));
  nobody.start();
  const auto answer = Collections(nobody).handle({.operation = "list-collections", .user = "u"});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->message,
            "Failed to list collections: the configuration service did not answer (is config-svc running?)");
}

}  // namespace
}  // namespace omnibus::librarian
