#include <gtest/gtest.h>

#include "backends/mqtt/tests/samples.hpp"
#include "support/allocations.hpp"

namespace omnibus::mqtt {
namespace {

template <class Work>
std::size_t allocations_of(Work&& work) {
  const auto before = support::allocations();
  work();
  return support::allocations() - before;
}

TEST(Allocations, AreCounted) {
  EXPECT_GE(allocations_of([] { const std::string held(1000, 'x'); }), 1u);
}

TEST(Allocations, AreNotNeededToReadAPublish) {
  Publish publish{.topic = "tg/flow/queue", .payload = "payload", .id = 1, .qos = 1};
  publish.properties = message_properties();
  publish.properties.topic_alias = 1;
  publish.properties.user.clear();
  std::string bytes;
  write(bytes, Version::v5, publish);
  bool same = false;
  EXPECT_EQ(allocations_of([&] {
              const auto frame = first_frame(bytes, bytes.size());
              const auto packet = parse(*frame, Version::v5);
              same = std::get<Publish>(packet) == publish;
            }),
            0u);
  EXPECT_TRUE(same);
}

TEST(Allocations, AreNotNeededToWriteAPublishWhereThereIsRoom) {
  Publish publish{.topic = "tg/flow/queue", .payload = "payload", .id = 1, .qos = 1};
  publish.properties = message_properties();
  std::string out;
  out.reserve(2 * size_of(Version::v5, publish));
  EXPECT_EQ(allocations_of([&] {
              write(out, Version::v5, publish);
              write(out, Version::v5, publish);
            }),
            0u);
  EXPECT_EQ(out.size(), 2 * size_of(Version::v5, publish));
}

}  // namespace
}  // namespace omnibus::mqtt
