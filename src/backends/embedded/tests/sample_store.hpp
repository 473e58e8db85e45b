#pragma once

/// A small store that holds one of everything, for tests that damage it: messages with keys and properties, a
/// body in a file of its own, acknowledgements, a message that was given back, a transaction.

#include <map>

#include "backends/embedded/consumer.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/producer.hpp"
#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {

/// One opening straight on the engine, with the smallest segments. Sinks are called before request() returns.
class SmallOpening {
 public:
  explicit SmallOpening(const std::filesystem::path& path,
                        std::function<void(const std::string&)> report = {});
  ~SmallOpening();
  SmallOpening(const SmallOpening&) = delete;
  SmallOpening& operator=(const SmallOpening&) = delete;

  std::unique_ptr<driver::Producer> producer(const char* queue_name, std::string name);
  /// From the subscription's start.
  std::unique_ptr<driver::Consumer> consumer(const char* queue_name, const char* subscription,
                                             driver::Sink& sink);

  const std::shared_ptr<Engine>& engine() const noexcept { return engine_; }

 private:
  ManualHost host_;
  std::shared_ptr<Engine> engine_;
};

/// What was sent, by payload: each is another.
struct Sent {
  std::string queue, payload, key;
  Properties properties;
};

/// A store of two queues, `a` with subscription `s` and `b` with subscription `t`.
class SampleStore {
 public:
  /// How its one opening ended.
  enum class End {
    closed,  ///< with a checkpoint
    killed,  ///< as a kill -9 leaves it: the log alone
    power    ///< as a power cut leaves it that loses nothing: what nobody knows to be synced may be torn
  };
  explicit SampleStore(End end);
  ~SampleStore();
  SampleStore(const SampleStore&) = delete;
  SampleStore& operator=(const SampleStore&) = delete;

  /// Puts it back as it was, but for a body that was damaged.
  void restore() const;
  std::filesystem::path path() const { return folder_ / "store"; }
  std::filesystem::path segment() const;
  std::filesystem::path body() const;

  const std::map<std::string, Sent>& sent() const noexcept { return sent_; }
  /// Payloads that `s` or `t` has acknowledged.
  const std::vector<std::string>& acknowledged() const noexcept { return acknowledged_; }
  /// The files and their bytes, by path relative to the store.
  const std::map<std::string, std::string>& files() const noexcept { return files_; }
  /// The files as they are now.
  std::map<std::string, std::string> read() const;

 private:
  void fill(SmallOpening& bus);
  void send_all(SmallOpening& bus);
  void settle_some(SmallOpening& bus);
  void take_what_was_moved(SmallOpening& bus);
  Sent& note(Sent message);

  std::filesystem::path folder_;
  std::map<std::string, Sent> sent_;
  std::vector<std::string> acknowledged_;
  std::map<std::string, std::string> files_;
};

std::string name_of(SampleStore::End end);
std::string read_file_of(const std::filesystem::path& path);
void write_file_of(const std::filesystem::path& path, std::string_view bytes);

}  // namespace omnibus::embedded::test
