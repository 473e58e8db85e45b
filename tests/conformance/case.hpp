#pragma once

/// The fixture of every case, and how cases wait: for what must happen as long as the patience lasts, for
/// what must not happen only briefly. A case ends with a skip only where a Feature is missing.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <omnibus/omnibus.hpp>

#include "conformance/harness.hpp"
#include "conformance/options.hpp"
#include "conformance/worker.hpp"

/// Ends the case with a visible skip that names the missing Feature.
#define NEEDS(feature)                                   \
  do {                                                   \
    if (!features().has(driver::Feature::feature)) {     \
      GTEST_SKIP() << missing(driver::Feature::feature); \
    }                                                    \
  } while (false)

/// Ends the case with a visible skip where the Feature is weaker than what the case asks.
#define NEEDS_MORE_THAN_WEAKER(feature)                                    \
  do {                                                                     \
    if (features()[driver::Feature::feature].support <= Support::weaker) { \
      GTEST_SKIP() << missing(driver::Feature::feature);                   \
    }                                                                      \
  } while (false)

namespace omnibus::conformance {

using namespace std::chrono_literals;
using driver::Feature;
using driver::Support;

/// What most cases send.
struct Item {
  std::string source;
  std::int64_t number = 0;
  std::string text;
};

/// What was awaited did not come in time.
class Missed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Threads: the case's.
class Case : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// The case's connection, opened at first use.
  Bus bus();
  /// Another one, closed with the case.
  Bus connect(BusOptions connection = {});
  Bus connect(const std::string& url, BusOptions connection = {});
  /// A queue that no other case and no other run uses.
  QueueName queue(std::string_view label = "queue", Qos qos = Qos::at_least_once) const;
  const driver::Features& features();
  std::string missing(Feature feature);

  Harness& harness() { return *harness_; }
  /// Closes every connection, restarts the broker; the next use of bus() connects again.
  void restart_broker();
  /// Closes every connection of this case.
  void disconnect();
  /// Starts a worker on the case's broker.
  std::unique_ptr<Worker> worker(std::string_view mode, const QueueName& queue,
                                 Worker::Arguments arguments = {});

  Producer<Item> producer(const QueueName& queue, ProducerOptions options = {});
  Consumer<Item> consumer(const QueueName& queue, std::string_view subscription = "readers",
                          ConsumerOptions options = {});

  /// A property of the case in the report, also printed.
  void report(const std::string& what, std::uint64_t count);

 private:
  std::unique_ptr<Harness> harness_;
  std::vector<Bus> connections_;
  bool connected_ = false;
};

Item item(std::int64_t number, std::string source = "p", std::string text = {});
/// Sends first…last, each confirmed.
void send_range(Producer<Item>& producer, std::int64_t first, std::int64_t last);
/// The same one by one, so that no backend puts several together.
void send_each(Producer<Item>& producer, std::int64_t first, std::int64_t last);
/// The numbers first…last.
std::vector<std::int64_t> range(std::int64_t first, std::int64_t last);
/// No back-off worth waiting for.
ConsumerOptions quick(ConsumerOptions options = {});
ConsumerOptions earliest(ConsumerOptions options = {});

/// The next message within the patience; throws Missed.
template <Schema T>
Message<T> next(Consumer<T>& consumer) {
  auto message = consumer.poll(options().patience);
  if (!message) throw Missed("no message on " + consumer.queue().str() + " for " + consumer.subscription());
  return std::move(*message);
}

/// The next `count` messages, unacknowledged.
template <Schema T>
std::vector<Message<T>> take(Consumer<T>& consumer, std::size_t count) {
  std::vector<Message<T>> messages;
  while (messages.size() < count) {
    auto message = consumer.poll(options().patience);
    if (!message) {
      throw Missed("only " + std::to_string(messages.size()) + " of " + std::to_string(count) +
                   " messages on " + consumer.queue().str());
    }
    messages.push_back(std::move(*message));
  }
  return messages;
}

/// What comes until it is quiet, unacknowledged.
template <Schema T>
std::vector<Message<T>> drain(Consumer<T>& consumer) {
  std::vector<Message<T>> messages;
  while (auto message = consumer.poll(options().quiet)) messages.push_back(std::move(*message));
  return messages;
}

template <Schema T>
void acknowledge_all(Consumer<T>& consumer, const std::vector<Message<T>>& messages) {
  for (const auto& message : messages) consumer.acknowledge(message);
}

std::vector<std::int64_t> numbers(const std::vector<Message<Item>>& messages);
std::set<std::int64_t> number_set(const std::vector<Message<Item>>& messages);

/// Nothing arrives for a short while.
template <Schema T>
::testing::AssertionResult silent(Consumer<T>& consumer) {
  if (const auto message = consumer.poll(options().quiet)) {
    return ::testing::AssertionFailure() << "received " << message->payload().substr(0, 200) << ", attempt "
                                         << message->attempt() << ", where nothing was due";
  }
  return ::testing::AssertionSuccess();
}

/// The Error that `action` ends with; empty when it succeeds.
std::optional<Error> error_of(const std::function<void()>& action);
::testing::AssertionResult fails_with(ErrorCode code, const std::function<void()>& action);
::testing::AssertionResult fails_with_one_of(const std::vector<ErrorCode>& codes,
                                             const std::function<void()>& action);

/// Looks until it holds, or throws Missed naming `what`.
void eventually(std::string_view what, const std::function<bool()>& holds);

/// Threads of a case. Its end waits for them; what one of them throws fails the case.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  template <class F>
  void add(F work) {
    running_.push_back(std::async(std::launch::async, std::move(work)));
  }

 private:
  std::vector<std::future<void>> running_;
};

/// Counts what arrived of the numbers 0…size-1. Threads: any.
class Tally {
 public:
  explicit Tally(std::size_t size) : seen_(size) {}

  void count(std::size_t number) noexcept {
    if (number >= seen_.size()) {
      ++strange_;
    } else if (seen_[number].fetch_add(1) == 0) {
      ++distinct_;
    } else {
      ++duplicated_;
    }
  }
  bool seen(std::size_t number) const noexcept { return seen_[number] > 0; }
  std::size_t distinct() const noexcept { return distinct_; }
  std::size_t duplicated() const noexcept { return duplicated_; }
  std::size_t strange() const noexcept { return strange_; }
  std::size_t lost() const noexcept { return seen_.size() - distinct_; }

 private:
  std::vector<std::atomic<std::uint32_t>> seen_;
  std::atomic<std::size_t> distinct_ = 0, duplicated_ = 0, strange_ = 0;
};

}  // namespace omnibus::conformance
