#pragma once

#include "backends/embedded/clock.hpp"
#include "backends/embedded/consumer.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/producer.hpp"
#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {

/// One opening of a store with small segments and frequent checkpoints.
class SmallStore {
 public:
  static constexpr const char* subscription = "s";
  static constexpr std::size_t largest_segment = std::size_t{256} << 10;
  struct Options {
    std::filesystem::path path;
    std::string durability = "process";
    std::function<void(const std::string&)> report = {};
    void (*step)(std::string_view name) = nullptr;  ///< see LogOptions::step
    Limits limits = {.retention_bytes = 32 << 10, .retention_time = 0, .hard_limit = 0};
    std::function<Millis()> now = wall_clock;
  };

  explicit SmallStore(Options options);
  ~SmallStore();

  std::unique_ptr<driver::Producer> producer(const char* queue_name, std::string name);
  /// On the subscription, from its start.
  std::unique_ptr<driver::Consumer> consumer(const char* queue_name, driver::Sink& sink,
                                             std::size_t window = 100'000);
  std::uint64_t backlog(const char* queue_name);
  const std::shared_ptr<Engine>& engine() const noexcept { return engine_; }

 private:
  ManualHost host_;
  std::shared_ptr<Engine> engine_;
};

}  // namespace omnibus::embedded::test
