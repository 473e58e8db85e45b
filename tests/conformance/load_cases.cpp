#include <fstream>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Load : public Case {
 protected:
  /// A number out of this process's status, for example "Threads".
  static std::uint64_t status(const std::string& field) {
    std::ifstream lines("/proc/self/status");
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1));
    }
    return 0;
  }
};

constexpr std::size_t producers = 8, consumers = 8;

/// One thread that receives until all is seen. Acknowledges without waiting for each confirmation.
void receive_all(Consumer<Item> inbox, Tally& tally, std::size_t share, std::atomic<bool>& given_up) {
  auto last_progress = Clock::now();
  while (tally.lost() > 0 && !given_up) {
    const auto message = inbox.poll(50ms);
    if (message) {
      const auto source = static_cast<std::size_t>((*message)->source[0] - '0');
      tally.count(source * share + static_cast<std::size_t>((*message)->number));
      inbox.acknowledge_async(*message);
      last_progress = Clock::now();
    } else if (Clock::now() - last_progress > options().patience) {
      given_up = true;
    }
  }
}

TEST_F(Load, ManyProducersToManyConsumers) {
  const auto where = queue();
  const std::size_t share = options().messages / producers;
  Tally tally(share * producers);
  std::atomic<bool> given_up = false;
  const auto start = Clock::now();
  {
    Crew threads;
    for (std::size_t i = 0; i < consumers; ++i) {
      threads.add([inbox = consumer(where), &tally, share, &given_up]() mutable {
        receive_all(std::move(inbox), tally, share, given_up);
      });
    }
    for (std::size_t i = 0; i < producers; ++i) {
      threads.add([outbox = producer(where), i, share]() mutable {
        for (std::size_t number = 0; number < share; ++number) {
          outbox.send_async(item(static_cast<std::int64_t>(number), std::to_string(i)));
        }
        outbox.flush(10min);
      });
    }
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  auto late = consumer(where);
  EXPECT_TRUE(silent(late));
  report("messages", share * producers);
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  report("milliseconds", static_cast<std::uint64_t>(took.count()));
  EXPECT_EQ(tally.lost(), 0u);
  EXPECT_EQ(tally.duplicated(), 0u);
  EXPECT_EQ(tally.strange(), 0u);
}

TEST_F(Load, ManyProcessesToManyProcesses) {
  NEEDS(durable);
  NEEDS(statistics);
  const auto where = queue();
  constexpr std::size_t share = 500;
  consumer(where).close();
  std::vector<std::unique_ptr<Worker>> readers, writers;
  for (int i = 0; i < 3; ++i) readers.push_back(worker("consume", where, {{"window", "20"}}));
  for (int i = 0; i < 3; ++i) {
    const auto first = static_cast<std::size_t>(i) * share;
    writers.push_back(worker("produce", where,
                             {{"from", std::to_string(first)}, {"to", std::to_string(first + share - 1)}}));
  }
  for (auto& writer : writers) writer->await("done");
  eventually("the backlog is empty",
             [&] { return bus().statistics(where).subscriptions["readers"].backlog == 0; });
  Tally tally(3 * share);
  for (auto& reader : readers) {
    reader->kill();
    for (const auto& line : reader->rest()) {
      if (line.starts_with("got ")) tally.count(static_cast<std::size_t>(std::stoll(line.substr(4))));
    }
  }
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.lost() + tally.duplicated() + tally.strange(), 0u);
}

TEST_F(Load, IdleConsumersCostMemoryOnly) {
  auto connection = bus();
  std::vector<std::optional<Consumer<Item>>> idle;
  const auto add_until = [&](std::size_t count) {
    const auto first = idle.size();
    idle.resize(count);
    // Several threads, so that a backend may confirm many subscriptions at once.
    constexpr std::size_t makers = 16;
    Crew threads;
    for (std::size_t maker = 0; maker < makers; ++maker) {
      threads.add([this, first, maker, &idle] {
        for (auto i = first + maker; i < idle.size(); i += makers) {
          idle[i].emplace(consumer(queue(std::to_string(i / 10)), "s" + std::to_string(i % 10)));
        }
      });
    }
  };
  add_until(std::min<std::size_t>(100, options().consumers));
  const auto threads = status("Threads");
  const auto memory = status("VmRSS");
  const auto before = idle.size();
  add_until(options().consumers);
  report("consumers", idle.size());
  report("threads", status("Threads"));
  report("KiB of memory for each consumer more",
         (status("VmRSS") - memory) / std::max<std::size_t>(1, idle.size() - before));
  EXPECT_EQ(status("Threads"), threads) << "threads grow with the consumers";
  ASSERT_TRUE(idle.back());
  producer(idle.back()->queue()).send(item(1));
  EXPECT_EQ(next(*idle.back())->number, 1);
}

}  // namespace
}  // namespace omnibus::conformance
