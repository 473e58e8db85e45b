// Bits of the files that hold no frames are flipped: none of them is needed to find the messages, but a body
// for its own.
#include "backends/embedded/tests/damage_fixture.hpp"

namespace omnibus::embedded::test {
namespace {

using End = SampleStore::End;

/// Files that hold no frames. `every`: one bit of so many.
class OtherFiles : public DamageSweep {
 protected:
  void sweep(const std::string& name, std::size_t bytes, std::size_t every) {
    const auto content = store.files().at(name);
    std::mt19937_64 random(seed());
    for (auto bit = random() % every; bit < std::min(bytes, content.size()) * 8; bit += every) {
      SCOPED_TRACE(name + " byte " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8));
      auto flipped = content;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      store.restore();
      write_file_of(store.path() / name, flipped);
      each(look());
      ASSERT_FALSE(HasFailure());
    }
    write_file_of(store.path() / name, content);
  }
  std::function<void(const Served&)> each = [this](const Served& served) {
    ASSERT_FALSE(served.refused) << served.refused->what();
    ASSERT_EQ(served.audit, all);
    ASSERT_TRUE(std::includes(served.waiting.begin(), served.waiting.end(), waiting.begin(), waiting.end()));
  };
};
INSTANTIATE_TEST_SUITE_P(Ends, OtherFiles, ::testing::Values(End::closed, End::killed),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(OtherFiles, AFlippedBitOfAFileWithoutMessagesCostsNothing) {
  for (const auto* name : {"format", "control", "checkpoint"}) {
    if (store.files().contains(name)) sweep(name, std::string_view(name) == "control" ? 512 : 4096, step);
  }
}

TEST_P(OtherFiles, AFlippedBitOfABodyCostsThatMessage) {
  const auto name = std::filesystem::relative(store.body(), store.path()).string();
  auto others = all;
  others.erase(store.files().at(name));
  each = [&](const Served& served) {
    ASSERT_FALSE(served.refused);
    ASSERT_EQ(served.audit, others);
    ASSERT_EQ(check.lost_messages, 1U);
  };
  sweep(name, 100'000, 997 * step);
  EXPECT_EQ(reported, looked);
}

}  // namespace
}  // namespace omnibus::embedded::test
