// What export_store() gives of stores that are sound, damaged and beyond opening.
#include <omnibus/store.hpp>

#include "backends/embedded/tests/sample_store.hpp"

namespace omnibus::embedded::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using End = SampleStore::End;

/// A StoreMessage with its body.
struct Exported {
  StoreMessage message;
  std::string body;
};

std::vector<Exported> export_all(const std::filesystem::path& path, const StoreSelection& selection = {},
                                 StoreExport* result = nullptr) {
  std::vector<Exported> all;
  const auto got = export_store(path, selection, [&](const StoreMessage& message) {
    all.push_back({message, std::string(message.body)});
  });
  EXPECT_EQ(got.messages, all.size());
  if (result != nullptr) *result = got;
  return all;
}

std::vector<std::string> bodies(const std::vector<Exported>& all) {
  std::vector<std::string> result;
  for (const auto& one : all) result.push_back(one.body);
  return result;
}

TEST(ExportStore, GivesEveryMessageAsItWasSent) {
  for (const auto end : {End::closed, End::killed, End::power}) {
    const SampleStore store(end);
    store.restore();
    const auto all = export_all(store.path());
    ASSERT_EQ(all.size(), store.sent().size()) << name_of(end);
    std::string last;
    for (const auto& [message, body] : all) {
      const auto found = store.sent().find(body);
      ASSERT_NE(found, store.sent().end());
      EXPECT_EQ(message.queue, "q1/tg/flow/" + found->second.queue);
      EXPECT_EQ(message.key, found->second.key);
      EXPECT_EQ(message.properties, found->second.properties);
      EXPECT_GT(message.time, SystemTime());
      const auto& settled = store.acknowledged();
      const bool waits = std::find(settled.begin(), settled.end(), body) == settled.end();
      const std::vector<std::string> subscription{found->second.queue == "a" ? "s" : "t"};
      EXPECT_EQ(message.waiting, waits ? subscription : std::vector<std::string>()) << body.substr(0, 20);
    }
    EXPECT_EQ(store.read(), store.files());
  }
}

TEST(ExportStore, SelectsByQueueAndSubscription) {
  const SampleStore store(End::closed);
  store.restore();
  const auto queue_b = queue("b", Qos::exactly_once);
  EXPECT_THAT(bodies(export_all(store.path(), {.queue = queue_b})), ElementsAre("moved 1", "moved 2"));
  EXPECT_THAT(bodies(export_all(store.path(), {.subscription = "t"})), ElementsAre("moved 1"));
  const auto refusal = [&](const StoreSelection& selection) {
    try {
      export_all(store.path(), selection);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(refusal({.queue = queue("c")}), ErrorCode::not_found);
  EXPECT_EQ(refusal({.queue = queue_b, .subscription = "s"}), ErrorCode::not_found);
  EXPECT_EQ(refusal({.queue = queue("b", Qos::best_effort)}), ErrorCode::config);
}

TEST(ExportStore, LeavesOutWhatIsDamagedAndTellsIt) {
  const SampleStore store(End::killed);
  store.restore();
  auto bytes = read_file_of(store.segment());
  bytes[bytes.find("message 4")] = 'M';
  write_file_of(store.segment(), bytes);
  std::filesystem::remove(store.body());
  StoreExport result;
  const auto found = bodies(export_all(store.path(), {}, &result));
  EXPECT_EQ(found.size(), store.sent().size() - 2);
  EXPECT_EQ(std::count(found.begin(), found.end(), "message 4"), 0);
  EXPECT_EQ(result.damage.size(), 2U);
  EXPECT_EQ(result.lost_messages, 1U);
}

TEST(ExportStore, GivesWhatIsLeftOfAStoreThatCannotBeOpened) {
  const SampleStore store(End::killed);
  store.restore();
  {
    SmallOpening bus(store.path());
    auto out = bus.producer("a", "q");
    for (int i = 0; i < 400; ++i) ASSERT_FALSE(send(*out, "late " + std::to_string(i)));
  }
  for (const auto* name : {"checkpoint", "checkpoint.previous"}) std::filesystem::remove(store.path() / name);
  std::filesystem::remove(store.segment());
  EXPECT_THROW(SmallOpening{store.path()}, Error);
  const auto all = export_all(store.path());
  ASSERT_THAT(all, ::testing::Not(IsEmpty()));
  EXPECT_EQ(all.back().body, "late 399");
  EXPECT_EQ(all.back().message.queue, "q1/unknown/unknown/1");
  EXPECT_THAT(all.back().message.waiting, IsEmpty());
}

}  // namespace
}  // namespace omnibus::embedded::test
