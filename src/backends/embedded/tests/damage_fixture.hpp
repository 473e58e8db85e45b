#pragma once

/// What the sweeps of damage_sweep_test.cpp and damage_files_test.cpp share.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include <omnibus/store.hpp>

#include "backends/embedded/tests/damage_sweep.hpp"

namespace omnibus::embedded::test {

/// One of how many places is tried. All are where a crash left the log alone, for there every frame counts;
/// with OMNIBUS_TIER=full everywhere. Sanitizers take a sample otherwise.
inline std::size_t stride(SampleStore::End end) {
  const char* const tier = std::getenv("OMNIBUS_TIER");
  const bool full = tier != nullptr && std::string_view(tier) == "full";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return full ? 1 : end == SampleStore::End::killed ? 17 : 61;
#else
  return full || end == SampleStore::End::killed ? 1 : 4;
#endif
}

inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* const given = std::getenv("OMNIBUS_SEED");
    const auto chosen = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::cout << "OMNIBUS_SEED=" << chosen << '\n';
    return static_cast<std::uint64_t>(chosen);
  }();
  return value;
}

class DamageSweep : public ::testing::TestWithParam<SampleStore::End> {
 protected:
  DamageSweep() {
    for (const auto& [payload, message] : store.sent()) all.insert(payload);
    settled.insert(store.acknowledged().begin(), store.acknowledged().end());
    for (const auto& payload : all) {
      if (!settled.contains(payload)) waiting.insert(payload);
    }
  }

  /// Looks at the store as it is now with check_store(), then opens it; the two must agree.
  Served look() {
    check = check_store(store.path());
    auto served = serve(store);
    EXPECT_THAT(served.wrong, ::testing::IsEmpty());
    EXPECT_EQ(check.opens, !served.refused.has_value());
    if (served.reports > 0 || served.refused) {
      EXPECT_FALSE(check.sound() && check.cut.empty()) << served.first_report;
    }
    if (!served.refused && !has_nameless_queue()) {
      EXPECT_EQ(check.messages, served.audit.size());
    }
    ++looked;
    if (served.reports > 0 || served.refused) ++reported;
    if (looked % 64 == 0 && !served.refused) look_again(served);
    return served;
  }
  /// Both frames that name it are damaged: its messages can be exported, not received.
  bool has_nameless_queue() const {
    return std::any_of(check.damage.begin(), check.damage.end(), [](const StoreDamage& damage) {
      return damage.what.find("the name of queue") != std::string::npos;
    });
  }

  /// What the first opening made of the store stays.
  void look_again(const Served& before) {
    const auto again = serve(store);
    EXPECT_THAT(again.wrong, ::testing::IsEmpty());
    EXPECT_EQ(again.audit, before.audit);
    EXPECT_EQ(again.waiting, before.waiting);
  }

  void write(const std::string& bytes) {
    store.restore();
    write_file_of(store.segment(), bytes);
  }

  const SampleStore store{GetParam()};
  const std::size_t step = stride(GetParam());
  const std::vector<SampleFrame> frames = frames_of(store);
  const std::string whole = store.files().at("log/0000000000000001.seg");
  const std::size_t used = frames.back().offset + frames.back().padded;
  std::set<std::string> all, settled, waiting;
  StoreCheck check;
  std::size_t looked = 0, reported = 0;
};

}  // namespace omnibus::embedded::test
