#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/framework/handler.hpp>

#include "services/triples/writer.hpp"

namespace omnibus::triples {

/// Stands between the handlers and the Writer: what waits while a transaction runs shares the next one. In
/// between it sweeps what deleted collections left. Metrics: triples_stored, triples_known (processor, flow),
/// triples_batch_messages (processor). Threads: any; the writing is on the Bus's pool.
class Batcher : public std::enable_shared_from_this<Batcher> {
 public:
  Batcher(Bus bus, const std::string& id, std::shared_ptr<Writer> writer, std::size_t most_messages);

  /// Stores a message, which lives until `done` is called; before the first follow() it waits. Fails with
  /// - Error{not_found} when its collection is unknown, ConfigError when it is malformed;
  /// - TooManyRequests, which keeps the message where it is, when the store cannot be written now.
  void store(const catalogue::Triples& message, const framework::Context& context,
             framework::HandlerDone done);
  /// As Writer::follow, then sweeps.
  void follow(std::int64_t version, const std::set<Collection>& wanted);
  /// What waits for the first follow() fails with TooManyRequests, and so does what comes: a stop need not
  /// wait for a configuration.
  void leave();
  /// Waits for a transaction that runs; no other begins. Idempotent.
  void close();
  /// Empty, or why the store cannot be written, or what of the configuration is not followed.
  std::string trouble() const;

 private:
  struct Item {
    const catalogue::Triples* message;
    std::string flow;
    framework::HandlerDone done;
  };

  void wake();  // with the mutex held
  void run() noexcept;
  void write(std::vector<Item>& items);
  void write_each(std::vector<Item>& items);
  void finish(Item& item, const Written& written);
  void fail(std::vector<Item>& items, const Error& error);
  bool sweep();
  void note(std::string store_trouble);

  Bus bus_;
  const std::string id_;
  const std::shared_ptr<Writer> writer_;
  const std::size_t most_messages_;
  Histogram& batch_messages_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  bool followed_ = false, sweep_ = true, running_ = false, leaving_ = false, closed_ = false;
  std::string store_trouble_, follow_trouble_;
};

}  // namespace omnibus::triples
