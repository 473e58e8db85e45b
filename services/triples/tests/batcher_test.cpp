#include "services/triples/batcher.hpp"

#include <future>

#include <omnibus/omnibus.hpp>

#include "core/tests/eventually.hpp"
#include "services/triples/reader.hpp"
#include "services/triples/tests/folder.hpp"

namespace omnibus::triples {
namespace {

using namespace std::chrono_literals;

class TriplesBatcher : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    batcher_ = std::make_shared<Batcher>(bus_, "w", std::make_shared<Writer>(file(), 1ms), 10);
  }
  void TearDown() override {
    batcher_->close();
    StoreTest::TearDown();
  }
  std::future<void> store(const catalogue::Triples& message) {
    const auto promise = std::make_shared<std::promise<void>>();
    auto future = promise->get_future();
    batcher_->store(message, {.id = "w", .flow = "f", .name = "input"},
                    [promise](std::exception_ptr failure) {
                      failure ? promise->set_exception(std::move(failure)) : promise->set_value();
                    });
    return future;
  }
  static std::optional<Error> outcome(std::future<void>& future) {
    try {
      future.get();
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  std::size_t found() { return Reader(file()).find({.user = "u", .collection = "c"}, 1 << 20).size(); }
  double counted(const char* name) {
    return bus_.metrics().counter(name, "", {{"processor", "w"}, {"flow", "f"}}).value();
  }

  Bus bus_ = connect("embedded://");
  std::shared_ptr<Batcher> batcher_;
};

TEST_F(TriplesBatcher, StoresWhatWaitsInOneTransaction) {
  std::vector<catalogue::Triples> messages;
  for (int i = 0; i < 10; ++i) messages.push_back(message("c", {triple("s", "p", std::to_string(i))}));
  std::vector<std::future<void>> futures;
  for (const auto& each : messages) futures.push_back(store(each));
  batcher_->follow(1, {{"u", "c"}});
  for (auto& future : futures) EXPECT_EQ(outcome(future), std::nullopt);
  EXPECT_EQ(found(), 10u);
  EXPECT_EQ(counted("triples_stored"), 10);
  EXPECT_NE(bus_.metrics().text().find("triples_batch_messages_count{processor=\"w\"} 1\n"),
            std::string::npos);
}

TEST_F(TriplesBatcher, FailsTheMessageOfAnUnknownCollectionAlone) {
  const auto good = message("c", {triple("s", "p", "o")}), bad = message("d", {triple("s", "p", "o")});
  auto first = store(bad), second = store(good);
  batcher_->follow(1, {{"u", "c"}});
  EXPECT_EQ(outcome(second), std::nullopt);
  const auto error = outcome(first);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::not_found);
  EXPECT_STREQ(error->what(),
               "collection 'd' of user 'u' is unknown, document 'doc' is not stored (put the item 'u:d' of "
               "type 'collection' into the configuration)");
}

TEST_F(TriplesBatcher, LeavesWithoutAConfiguration) {
  const auto one = message("c", {triple("s", "p", "o")});
  auto future = store(one);
  batcher_->leave();
  const auto error = outcome(future);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::too_many_requests);
  EXPECT_THROW(store(one), TooManyRequests);
}

TEST_F(TriplesBatcher, FinishesWhatItHasWhenItLeaves) {
  batcher_->follow(1, {{"u", "c"}});
  const auto one = message("c", {triple("s", "p", "o")});
  batcher_->leave();
  auto future = store(one);
  EXPECT_EQ(outcome(future), std::nullopt);
}

TEST_F(TriplesBatcher, KeepsMessagesWhileAnotherProcessHoldsTheFile) {
  batcher_->follow(1, {{"u", "c"}});
  EXPECT_TRUE(eventually([&] { return batcher_->trouble().empty(); }));
  const auto one = message("c", {triple("s", "p", "o")});
  sqlite::Database other(file(), format);
  std::optional<sqlite::Transaction> holds(other);
  auto future = store(one);
  const auto error = outcome(future);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::too_many_requests);
  EXPECT_NE(batcher_->trouble().find("another process holds the file"), std::string::npos);
  holds.reset();
  auto again = store(one);
  EXPECT_EQ(outcome(again), std::nullopt);
  EXPECT_EQ(batcher_->trouble(), "");
  EXPECT_EQ(found(), 1u);
}

TEST_F(TriplesBatcher, RemovesTheTriplesOfADeletedCollection) {
  batcher_->follow(1, {{"u", "c"}});
  std::vector<catalogue::Triple> many;
  for (int i = 0; i < 12000; ++i) many.push_back(triple("s", "p", std::to_string(i)));
  const auto large = message("c", many);
  auto future = store(large);
  EXPECT_EQ(outcome(future), std::nullopt);
  batcher_->follow(2, {});
  EXPECT_EQ(found(), 0u);
  EXPECT_TRUE(eventually([&] {
    sqlite::Database database(file(), format);
    auto rows = database.prepare("SELECT (SELECT count(*) FROM term) + (SELECT count(*) FROM collection)");
    rows.step();
    return rows.integer(0) == 0;
  }));
}

TEST_F(TriplesBatcher, SaysWhenTheConfigurationIsOlderThanTheStore) {
  Writer(file()).follow(7, {{"u", "c"}});
  batcher_->follow(3, {});
  EXPECT_NE(batcher_->trouble().find("at version 3"), std::string::npos);
  batcher_->follow(8, {});
  EXPECT_EQ(batcher_->trouble(), "");
}

}  // namespace
}  // namespace omnibus::triples
