#include "conformance/case.hpp"

#include <algorithm>
#include <iostream>
#include <random>

namespace omnibus::conformance {
namespace {

/// Separates this run from earlier ones on a broker that keeps its queues.
const std::string& run_id() {
  static const std::string id = [] {
    std::random_device random;
    return std::to_string(random()) + "-" + std::to_string(::getpid());
  }();
  return id;
}

}  // namespace

void Case::SetUp() { harness_ = Harness::make(options().url); }

void Case::TearDown() { disconnect(); }

Bus Case::bus() {
  if (!connected_) {
    auto opened = connect();
    connections_.insert(connections_.begin(), opened);
    connections_.pop_back();
    connected_ = true;
  }
  return connections_.front();
}

Bus Case::connect(BusOptions connection) { return connect(harness_->url(), std::move(connection)); }

Bus Case::connect(const std::string& url, BusOptions connection) {
  // A broker that has just started and is busy with other tests may take longer than users would wait.
  if (connection.connect_timeout == BusOptions{}.connect_timeout)
    connection.connect_timeout = options().patience;
  connections_.push_back(omnibus::connect(url, std::move(connection)));
  return connections_.back();
}

void Case::disconnect() {
  for (auto& connection : connections_) connection.close(5s);
  connections_.clear();
  connected_ = false;
}

void Case::restart_broker() {
  disconnect();
  harness_->stop();
  harness_->start();
}

QueueName Case::queue(std::string_view label, Qos qos) const {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  return topic("conformance/" + run_id() + "/" + info->name() + ":" + std::string(label), qos);
}

const driver::Features& Case::features() { return bus().features(); }

std::string Case::missing(Feature feature) {
  std::string text = "Feature::" + std::string(to_string(feature)) + " is " +
                     std::string(to_string(features()[feature].support));
  if (const auto& note = features()[feature].note; !note.empty()) text += " (" + note + ")";
  return text;
}

std::unique_ptr<Worker> Case::worker(std::string_view mode, const QueueName& queue,
                                     Worker::Arguments arguments) {
  arguments.emplace("url", harness_->url());
  arguments.emplace("queue", queue.str());
  return std::make_unique<Worker>(mode, arguments);
}

Producer<Item> Case::producer(const QueueName& queue, ProducerOptions options) {
  return bus().create_producer<Item>(queue, std::move(options));
}

Consumer<Item> Case::consumer(const QueueName& queue, std::string_view subscription,
                              ConsumerOptions options) {
  return bus().create_consumer<Item>(queue, subscription, std::move(options));
}

void Case::report(const std::string& what, std::uint64_t count) {
  RecordProperty(what, std::to_string(count));
  std::cout << "    " << what << ": " << count << std::endl;
}

Item item(std::int64_t number, std::string source, std::string text) {
  return {.source = std::move(source), .number = number, .text = std::move(text)};
}

void send_range(Producer<Item>& producer, std::int64_t first, std::int64_t last) {
  for (auto number = first; number <= last; ++number) producer.send_async(item(number));
  producer.flush(options().patience);
}

void send_each(Producer<Item>& producer, std::int64_t first, std::int64_t last) {
  for (auto number = first; number <= last; ++number) producer.send(item(number));
}

std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> all;
  for (auto number = first; number <= last; ++number) all.push_back(number);
  return all;
}

ConsumerOptions quick(ConsumerOptions options) {
  options.redelivery = {.initial = 20ms, .maximum = 20ms, .factor = 1, .jitter = 0};
  return options;
}

ConsumerOptions earliest(ConsumerOptions options) {
  options.position = Position::earliest;
  return options;
}

std::vector<std::int64_t> numbers(const std::vector<Message<Item>>& messages) {
  std::vector<std::int64_t> all;
  for (const auto& message : messages) all.push_back(message->number);
  return all;
}

std::set<std::int64_t> number_set(const std::vector<Message<Item>>& messages) {
  const auto all = numbers(messages);
  return {all.begin(), all.end()};
}

std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

::testing::AssertionResult fails_with_one_of(const std::vector<ErrorCode>& codes,
                                             const std::function<void()>& action) {
  const auto error = error_of(action);
  if (!error) return ::testing::AssertionFailure() << "succeeds, where an error was due";
  if (std::find(codes.begin(), codes.end(), error->code()) == codes.end()) {
    return ::testing::AssertionFailure()
           << "fails with " << to_string(error->code()) << ": " << error->what();
  }
  return ::testing::AssertionSuccess() << error->what();
}

::testing::AssertionResult fails_with(ErrorCode code, const std::function<void()>& action) {
  return fails_with_one_of({code}, action);
}

void eventually(std::string_view what, const std::function<bool()>& holds) {
  const auto deadline = deadline_after(options().patience);
  while (!holds()) {
    if (Clock::now() >= deadline) throw Missed("it never came that " + std::string(what));
    std::this_thread::sleep_for(2ms);
  }
}

Crew::~Crew() {
  for (auto& each : running_) {
    try {
      each.get();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "a thread of the case ended with: " << error.what();
    }
  }
}

}  // namespace omnibus::conformance
