#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "services/gateway/server/handler.hpp"

namespace omnibus::gateway {

/// Keeps what comes until the test answers it.
class FakeHandler : public Handler {
 public:
  struct Seen {
    HttpCall call;  // of a frame only `body`
    Reply reply;
  };

  void http(HttpCall call, Reply reply) override { add({std::move(call), std::move(reply)}); }
  void core(CoreCall call, Reply reply) override {
    add({{call.user, call.id.value_or(""), std::move(call.body)}, std::move(reply)});
  }
  void frame(std::string text, std::string request_id, Reply reply) override {
    add({{{}, {}, std::move(text), std::move(request_id)}, std::move(reply)});
  }
  /// Its messages and what opened it are seen like requests: flow, kind, and "open" or the message as body.
  std::shared_ptr<Channel> open(FlowSocket socket, Reply reply) override {
    add({{socket.flow, socket.kind, "open"}, std::move(reply)});
    return std::make_shared<FakeChannel>(*this, std::move(socket));
  }
  void ready(Reply reply) override { add({{{}, "ready", {}}, std::move(reply)}); }
  void status(Reply reply) override { add({{{}, "status", {}}, std::move(reply)}); }
  void count(std::string_view route, unsigned status) override {
    const std::lock_guard lock(mutex_);
    counts_[std::string(route) + " " + std::to_string(status)] += 1;
  }
  /// Counted as "cut off WHY".
  void cut_off(std::string_view why) override {
    const std::lock_guard lock(mutex_);
    counts_["cut off " + std::string(why)] += 1;
  }
  int counted(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return counts_[what];
  }
  Answer body_too_large(std::size_t limit) override {
    return {.body = "over " + std::to_string(limit), .status = 413};
  }

  /// Waits for the next one.
  Seen next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !seen_.empty(); });
    auto seen = std::move(seen_.front());
    seen_.pop_front();
    return seen;
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

 private:
  struct FakeChannel final : Channel {
    FakeChannel(FakeHandler& owner, FlowSocket where) : handler(owner), socket(std::move(where)) {}
    void message(std::string text, Reply reply) override {
      handler.add({{socket.flow, socket.kind, std::move(text)}, std::move(reply)});
    }
    FakeHandler& handler;
    const FlowSocket socket;
  };

  void add(Seen seen) {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(std::move(seen));
    }
    came_.notify_all();
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable came_;
  std::deque<Seen> seen_;
  std::map<std::string, int> counts_;
};

}  // namespace omnibus::gateway
