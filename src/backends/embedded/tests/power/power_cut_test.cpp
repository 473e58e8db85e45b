/// The power is cut at random moments: what a store has confirmed must be there when it comes back.

#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>
#include <omnibus/log.hpp>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/tests/power/life.hpp"

namespace omnibus::embedded::test {
namespace {

constexpr std::size_t cuts_of_one_store = 8;
constexpr std::size_t most_rounds = 10;  ///< of the cuts wanted

std::size_t wanted_cuts() {
  const char* const tier = std::getenv("OMNIBUS_TIER");
  return tier != nullptr && std::string_view(tier) == "full" ? 2000 : 50;
}

std::uint64_t wanted_seed() {
  const char* const seed = std::getenv("OMNIBUS_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : std::random_device()();
}

class PowerCut : public ::testing::TestWithParam<const char*> {
 protected:
  PowerCut();
  ~PowerCut() override;
  void cut();
  void start_anew();
  void live(std::uint64_t seed);
  void look();
  void print() const;
  bool syncs_each() const { return std::string_view(GetParam()) == "sync"; }

  std::filesystem::path folder, root;
  std::mt19937_64 random;
  Complaints complaints;
  std::unique_ptr<Ledgers> ledgers;
  Promises work, in;  ///< as they were at the cut
  TimePoint synced;   ///< promises up to it hold
  Ids moved;          ///< what transactions had moved on before
  Damage damage;
  Tally sent, transacted;
  std::uint64_t number = 0, uneven = 0, altered = 0, repeated = 0, resent_twice = 0;
};

PowerCut::PowerCut() {
  const auto memory = std::filesystem::path("/dev/shm");
  const auto place = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  auto pattern = (place / "omnibus-power-XXXXXX").string();
  folder = mkdtemp(pattern.data());
  log::set_handler([this](log::Level level, std::string_view line) {
    if (level >= log::Level::warning) complaints.add(std::string(line));
  });
}

PowerCut::~PowerCut() {
  print();
  log::set_handler({});
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void PowerCut::start_anew() {
  root = folder / ("disk-" + std::to_string(number));
  std::filesystem::create_directory(root);
  ledgers = std::make_unique<Ledgers>();
  moved.clear();
}

/// One life of the store, up to the cut; `root` is what it left then.
void PowerCut::live(std::uint64_t seed) {
  const auto left = folder / ("cut-" + std::to_string(number));
  Disk disk(root, seed);
  const auto moments = random() % 4 == 0 ? 40 : 400;
  const auto before = [this] {
    work = ledgers->work.now();
    in = ledgers->in.now();
  };
  const auto after = [this] {
    work = with_requests(std::move(work), ledgers->work.now());
    in = with_requests(std::move(in), ledgers->in.now());
  };
  disk.cut_after(1 + random() % moments, left, before, after);
  std::jthread unrelated;  // to what the engine does
  if (random() % 3 == 0) {
    unrelated = std::jthread([&disk, wait = random() % 5000] {
      std::this_thread::sleep_for(std::chrono::microseconds(wait));
      disk.cut_now();
    });
  }
  Life(root / "var" / "store", GetParam(), random(), *ledgers, complaints).run(disk, random() % 120);
  disk.cut_now();
  synced = syncs_each() ? TimePoint::max() : disk.last_sync_began();
  damage += disk.damage();
  std::filesystem::remove_all(root);
  root = left;
}

/// What the kernel is started anew after a cut.
void forget_boot(const std::filesystem::path& control) {
  if (!std::filesystem::exists(control) || std::filesystem::file_size(control) < sizeof(Control)) return;
  const auto file = open_file(control, O_WRONLY);
  ASSERT_EQ(::pwrite(file.get(), "before", 6, offsetof(Control, boot_id)), 6);
}

void PowerCut::look() {
  const auto store = root / "var" / "store";
  forget_boot(store / "control");
  const auto copy = folder / "copy";
  std::filesystem::copy(root, copy, std::filesystem::copy_options::recursive);
  const auto found = look_into(copy / "var" / "store", work, synced, complaints);
  std::filesystem::remove_all(copy);
  sent += judge(work, found.work, {}, synced);
  auto gone_on = found.left;
  transacted += judge(in, found.in, gone_on, synced);
  // Both outputs and no input, or the input alone; and what was moved once stays moved.
  for (const auto id : found.left) uneven += found.right.contains(id) && !found.in.contains(id) ? 0 : 1;
  for (const auto id : found.right) uneven += found.left.contains(id) ? 0 : 1;
  for (const auto id : moved) uneven += found.left.contains(id) ? 0 : 1;
  for (const auto& [id, promise] : in) {
    if (promise.settled && promise.settled_at <= synced && !found.left.contains(id)) ++transacted.lost;
  }
  altered += found.altered;
  repeated += found.repeated;
  resent_twice += found.resent_twice;
  moved = std::move(gone_on);
  ledgers->work.restart(found.work);
  ledgers->in.restart(found.in);
}

void PowerCut::cut() {
  if (number % cuts_of_one_store == 0) start_anew();
  live(random());
  look();
  ++number;
}

void PowerCut::print() const {
  std::cout << number << " cuts at " << GetParam() << ": sectors " << damage.changed << " changed, "
            << damage.old << " old, " << damage.mixed << " mixed; names " << damage.not_made << " not made, "
            << damage.not_gone << " back, " << damage.not_moved << " not moved; " << damage.sizes
            << " other sizes\n"
            << "  sends " << sent.confirmed + transacted.confirmed << " promised, "
            << sent.lost + transacted.lost << " lost; acknowledgements " << sent.settled << " promised, "
            << sent.again << " lost; transactions " << transacted.settled << " promised, " << transacted.again
            << " lost, " << uneven << " in part; confirmed since the last sync "
            << sent.unsynced + transacted.unsynced << ", " << sent.unsynced_lost + transacted.unsynced_lost
            << " lost\n"
            << "  altered " << altered << ", repeated " << repeated << ", stored again " << resent_twice
            << ", never sent " << sent.strange + transacted.strange << ", holes " << sent.holes << '\n';
}

TEST_P(PowerCut, LosesNothingThatASyncCovers) {
  const auto seed = wanted_seed();
  random.seed(seed);
  RecordProperty("seed", std::to_string(seed));
  std::cout << "seed " << seed << " (OMNIBUS_SEED)\n";
  // Whether a cut falls between a confirmation and its sync depends on the machine: go on until one does.
  const auto seen = [this] { return syncs_each() || sent.unsynced_lost > 0; };
  for (const auto cuts = wanted_cuts(); number < cuts || (!seen() && number < most_rounds * cuts);) {
    ASSERT_NO_THROW(cut()) << "cut " << number;
    ASSERT_EQ(sent.lost + sent.again + sent.strange + sent.holes, 0u) << "cut " << number;
    ASSERT_EQ(transacted.lost + transacted.again + transacted.strange + uneven, 0u) << "cut " << number;
    ASSERT_EQ(altered + repeated + resent_twice, 0u) << "cut " << number;
    ASSERT_THAT(complaints.take(), ::testing::IsEmpty()) << "cut " << number;
  }
  // Fewer would not be the cuts that this is about; how many there are depends on the machine.
  EXPECT_GT(damage.old, number / 10);
  EXPECT_GT(damage.mixed, number / 10);
  EXPECT_GT(damage.not_made + damage.not_moved + damage.not_gone, 0u);
  EXPECT_GT(sent.confirmed + transacted.confirmed, number);
  EXPECT_GT(sent.settled, number);
  EXPECT_GT(transacted.settled, 0u);
  EXPECT_TRUE(seen());
}

INSTANTIATE_TEST_SUITE_P(Durability, PowerCut, ::testing::Values("sync", "group:3"), [](const auto& level) {
  return std::string(level.param, strcspn(level.param, ":"));
});

}  // namespace
}  // namespace omnibus::embedded::test
