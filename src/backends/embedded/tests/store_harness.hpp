#pragma once

/// Backends on one store directory, driven through the seam alone.

#include <stdlib.h>

#include <filesystem>
#include <future>

#include "backends/embedded/tests/harness.hpp"

namespace omnibus::embedded::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "omnibus-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path store() const { return path_ / "store"; }

 private:
  std::filesystem::path path_;
};

/// One opening of a store: as good as a process of its own.
class Opening {
 public:
  explicit Opening(const std::filesystem::path& path, Extra parameters = {{"durability", "process"}}) {
    driver::BackendConfig config;
    config.scheme = "embedded";
    config.rest = path.string();
    config.url = "embedded://" + config.rest;
    config.parameters = std::move(parameters);
    config.instance = "test";
    backend = open(config, host);
  }

  std::unique_ptr<driver::Producer> producer(const QueueName& name, std::string text, bool named = true) {
    std::unique_ptr<driver::Producer> made;
    backend->create_producer({name, std::move(text), named, {}}, [&](const Error* error, auto result) {
      if (error != nullptr) error->raise();
      made = std::move(result);
    });
    return made;
  }
  std::unique_ptr<driver::Consumer> consumer(const QueueName& name, std::string subscription,
                                             driver::Sink& sink,
                                             ConsumerOptions options = {.position = Position::earliest}) {
    std::unique_ptr<driver::Consumer> made;
    backend->create_consumer(consumer_config(name, std::move(subscription), std::move(options)), sink,
                             [&](const Error* error, auto result) {
                               if (error != nullptr) error->raise();
                               made = std::move(result);
                             });
    return made;
  }
  driver::QueueStatistics statistics(const QueueName& name) {
    driver::QueueStatistics result;
    backend->statistics(name, [&](const Error* error, driver::QueueStatistics got) {
      if (error != nullptr) error->raise();
      result = std::move(got);
    });
    return result;
  }

  ManualHost host;
  std::unique_ptr<driver::Backend> backend;
};

/// Waits for the completion; the error, if any.
template <class Call>
std::optional<Error> wait(Call&& call) {
  std::promise<std::optional<Error>> promise;
  call(Completion([&](const Error* error) {
    promise.set_value(error == nullptr ? std::nullopt : std::optional<Error>(*error));
  }));
  auto future = promise.get_future();
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    ADD_FAILURE() << "no completion within 30 s";
    std::abort();  // the promise must outlive it
  }
  return future.get();
}

inline std::optional<Error> send(driver::Producer& producer, std::string payload, std::uint64_t sequence = 0,
                                 Properties properties = {}) {
  driver::Outgoing message;
  message.payload = std::move(payload);
  message.sequence = sequence;
  message.properties = std::move(properties);
  return wait([&](Completion done) {
    driver::SendRequest request{&message, std::move(done)};
    producer.send({&request, 1});
  });
}

inline std::optional<Error> acknowledge(driver::Consumer& consumer, const std::vector<driver::AckId>& ids) {
  return wait([&](Completion done) { consumer.acknowledge(ids, std::move(done)); });
}

}  // namespace omnibus::embedded::test
