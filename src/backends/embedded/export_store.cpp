#include <algorithm>
#include <set>
#include <string>

#include <omnibus/store.hpp>

#include "backends/embedded/engine.hpp"
#include "backends/embedded/log/scan.hpp"
#include "backends/embedded/unreadable.hpp"

namespace omnibus {
namespace {

using namespace embedded;

/// Has the subscription still to settle it?
bool waits_for(const Subscription& subscription, Sequence sequence) {
  return sequence >= subscription.next || subscription.outstanding.find(sequence) != nullptr;
}

class Exporting {
 public:
  using Each = std::function<void(const StoreMessage&)>;
  Exporting(const StoreSelection& selection, const Each& each, const StoreProgress& progress)
      : selection_(selection), each_(each), progress_(progress) {}

  StoreExport run(const std::filesystem::path& directory) {
    auto image = take_image(directory);
    const auto log_bytes = scan_bytes(image);
    // Reading the log is the first half, the messages in it are the second.
    const StoreReading reading(std::move(image), [&](std::uint64_t done, std::uint64_t total) {
      if (progress_) progress_(done, 2 * total);
    });
    const auto queues = select(reading);
    std::uint64_t all = 0, done = 0;
    for (const auto* queue : queues) all += queue->messages.size();
    for (const auto* queue : queues) {
      give(reading, *queue, [&] {
        if (progress_)
          progress_(log_bytes + log_bytes * ++done / std::max<std::uint64_t>(all, 1), 2 * log_bytes);
      });
    }
    if (progress_) progress_(2 * log_bytes, 2 * log_bytes);
    unreadable_.forgive_settled(reading.image());
    result_.damage = reading.damage;
    result_.cut = reading.cut;
    unreadable_.tell(result_.damage);
    result_.lost_messages = reading.lost + unreadable_.size();
    return std::move(result_);
  }

 private:
  /// Errors: not_found when what was asked for is not there.
  std::vector<const Queue*> select(const StoreReading& reading) const {
    if (selection_.queue && selection_.queue->qos == Qos::best_effort)
      throw ConfigError("a store keeps no messages of " + selection_.queue->str(), "q0 is never kept");
    std::vector<const Queue*> queues;
    reading.for_each_queue([&](const Queue& queue) {
      const bool asked = !selection_.queue || store_name(*selection_.queue) == queue.name;
      if (asked) queues.push_back(&queue);
    });
    if (selection_.queue && queues.empty())
      throw Error(ErrorCode::not_found, "the store has no queue " + selection_.queue->str(),
                  {.backend = "embedded", .hint = "omnibus store ls lists them"});
    if (selection_.subscription.empty()) return queues;
    std::erase_if(queues, [this](const Queue* queue) {
      return !queue->subscriptions.contains(selection_.subscription);
    });
    if (queues.empty())
      throw Error(ErrorCode::not_found, "there is no subscription '" + selection_.subscription + "'",
                  {.backend = "embedded", .hint = "omnibus store ls lists them"});
    return queues;
  }

  template <class Done>
  void give(const StoreReading& reading, const Queue& queue, Done done) {
    const auto& messages = queue.messages;
    for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
      const auto& message = *messages.find(at);
      auto waiting = waiting_for(reading, queue, at);
      const auto& wanted = selection_.subscription;
      if (wanted.empty() || std::find(waiting.begin(), waiting.end(), wanted) != waiting.end())
        give_one(reading, queue, at, message, std::move(waiting));
      done();
    }
  }

  static std::vector<std::string> waiting_for(const StoreReading& reading, const Queue& queue, Sequence at) {
    std::vector<std::string> names;
    for (const auto& [name, id] : queue.subscriptions) {
      const auto* subscription = reading.state().subscription(id);
      if (subscription != nullptr && waits_for(*subscription, at)) names.push_back(name);
    }
    return names;
  }

  void give_one(const StoreReading& reading, const Queue& queue, Sequence at, const StoredMessage& message,
                std::vector<std::string> waiting) {
    driver::Delivery delivery;
    try {
      reading.load(message, delivery);
    } catch (const Error& error) {
      return unreadable_.add(queue, at, message, error);
    }
    each_({.queue = queue_name(queue),
           .sequence = at,
           .time = SystemTime(std::chrono::milliseconds(message.time)),
           .key = std::move(delivery.key),
           .properties = std::move(delivery.properties),
           .body = delivery.body.bytes(),
           .waiting = std::move(waiting)});
    ++result_.messages;
  }

  const StoreSelection& selection_;
  const Each& each_;
  const StoreProgress& progress_;
  Unreadable unreadable_;
  StoreExport result_;
};

}  // namespace

StoreExport export_store(const std::filesystem::path& directory, const StoreSelection& selection,
                         const std::function<void(const StoreMessage&)>& each,
                         const StoreProgress& progress) {
  return Exporting(selection, each, progress).run(directory);
}

}  // namespace omnibus
