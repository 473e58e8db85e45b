#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <omnibus/driver.hpp>

namespace omnibus::embedded {

/// Who handles the messages of one best-effort queue on the sender's thread, and whether anybody takes them
/// otherwise. Threads: any.
class InlineQueue {
 public:
  using Sinks = std::vector<std::shared_ptr<driver::InlineSink>>;
  /// What one sender saw last. Threads: one at a time.
  struct View {
    std::uint64_t version = 0;
    std::shared_ptr<const Sinks> sinks;
  };

  void add(std::shared_ptr<driver::InlineSink> sink);
  void remove(const driver::InlineSink* sink) noexcept;
  void deliver(View& view, const driver::InlineMessage& message);

  /// Counts as a consumer that is not inline until it is dropped. `queue` is not null.
  static std::shared_ptr<void> join(const std::shared_ptr<InlineQueue>& queue);
  /// Nobody else waits for what is sent now.
  bool alone() const noexcept { return others_.load() == 0; }

 private:
  void change(Sinks sinks);

  std::atomic<std::uint64_t> version_ = 0;
  std::atomic<std::size_t> others_ = 0;
  std::mutex mutex_;  ///< guards what follows
  std::shared_ptr<const Sinks> sinks_;
};

class InlineConsumerHandle final : public driver::InlineConsumer {
 public:
  InlineConsumerHandle(std::shared_ptr<InlineQueue> queue, std::shared_ptr<driver::InlineSink> sink);
  ~InlineConsumerHandle() override;

 private:
  const std::shared_ptr<InlineQueue> queue_;
  const std::shared_ptr<driver::InlineSink> sink_;
};

/// All of one engine, by the name of the queue. Threads: any.
class InlineQueues {
 public:
  std::shared_ptr<InlineQueue> of(const std::string& queue);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<InlineQueue>> queues_;
  std::size_t purge_at_ = 64;
};

}  // namespace omnibus::embedded
