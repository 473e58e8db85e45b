#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <omnibus/framework/subscriber.hpp>
#include <omnibus/log.hpp>

namespace omnibus::framework::detail {

/// Lock order: the subscriber's before this one's; hence receive() calls resume() without it.
class WaiterQueue::Buffer final : public Sink {
 public:
  Buffer(std::size_t capacity, Overflow overflow, Counter& dropped)
      : capacity_(capacity), overflow_(overflow), dropped_(dropped) {}

  bool offer(const std::shared_ptr<Received>& message) override {
    const std::lock_guard lock(mutex_);
    if (messages_.size() >= capacity_) {
      if (overflow_ == Overflow::block) return false;
      dropped_.add();
      log::write(log::Level::debug, "a waiter's queue is full: a message is dropped");
      if (overflow_ == Overflow::drop_new) return true;
      messages_.pop_front();
    }
    messages_.push_back(message);
    arrived_.notify_one();
    return true;
  }

  void failed(const Error& error) override {
    const std::lock_guard lock(mutex_);
    error_ = error;
    arrived_.notify_all();
  }

  bool empty() const override {
    const std::lock_guard lock(mutex_);
    return messages_.empty();
  }

  /// What was received comes before the failure. `room` tells whether somebody may wait for the place.
  std::shared_ptr<Received> receive(Duration timeout, bool& room) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, deadline_after(timeout), [this] { return !messages_.empty() || error_; });
    if (!messages_.empty()) {
      auto message = std::move(messages_.front());
      messages_.pop_front();
      room = true;
      return message;
    }
    if (!error_) return nullptr;
    const auto error = *error_;
    if (error.code() != ErrorCode::closed) error_.reset();
    error.raise();
  }

 private:
  const std::size_t capacity_;
  const Overflow overflow_;
  Counter& dropped_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable arrived_;
  std::deque<std::shared_ptr<Received>> messages_;
  std::optional<Error> error_;
};

WaiterQueue::WaiterQueue(std::shared_ptr<SubscriberCore> subscriber, std::optional<std::string> correlation)
    : subscriber_(std::move(subscriber)),
      buffer_(std::make_shared<Buffer>(subscriber_->settings().capacity, subscriber_->settings().overflow,
                                       subscriber_->dropped())),
      token_(subscriber_->add(std::move(correlation), buffer_)) {}

WaiterQueue::~WaiterQueue() { subscriber_->remove(token_); }

std::shared_ptr<Received> WaiterQueue::receive(Duration timeout) {
  bool room = false;
  auto message = buffer_->receive(timeout, room);
  if (room) subscriber_->resume();
  return message;
}

}  // namespace omnibus::framework::detail
