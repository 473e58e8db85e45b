#include "framework/pending_request.hpp"

#include <utility>

#include <omnibus/log.hpp>

namespace omnibus::framework::detail {

PendingRequest::PendingRequest(std::shared_ptr<RequestOwner> owner, std::string id,
                               RequestCore::Answer answer, Duration timeout, std::shared_ptr<const void> copy)
    : owner_(std::move(owner)),
      id_(std::move(id)),
      timeout_(timeout),
      copy_(std::move(copy)),
      answer_(std::move(answer)) {}

std::uint64_t PendingRequest::token() const {
  const std::lock_guard lock(mutex_);
  return token_;
}

void PendingRequest::registered(std::uint64_t token) {
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    token_ = token;
    late = finished_;
  }
  if (late) owner_->ended(shared_from_this());
}

// What comes in

bool PendingRequest::offer(const std::shared_ptr<Received>& message) {
  const std::lock_guard lock(mutex_);
  if (finished_ || error_) return true;
  if (messages_.size() >= capacity) return false;
  messages_.push_back(message);
  run_soon();
  return true;
}

void PendingRequest::failed(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (finished_ || error_) return;
  if (copy_ && error.code() == ErrorCode::unavailable) {
    lost_ = true;
    return;
  }
  error_ = error.with_context("request " + id_ + " to " + owner_->queue().str());
  run_soon();
}

void PendingRequest::restored() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(lost_, false) || finished_ || error_) return;
  // Not from here: the subscriber's lock is held.
  owner_->pool().post([self = shared_from_this()] { self->owner_->send(self, self->copy_.get()); });
}

void PendingRequest::send_failed(const Error& error) {
  if (!copy_ || error.code() != ErrorCode::unavailable) return end(error);
  const std::lock_guard lock(mutex_);
  if (finished_ || error_) return;
  log::write(log::Level::warning,
             "request " + id_ + " to " + owner_->queue().str() + " will be sent again: " + error.what());
  owner_->pool().post_at(deadline_after(owner_->pause()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->open()) self->owner_->send(self, self->copy_.get());
  });
}

bool PendingRequest::open() const {
  const std::lock_guard lock(mutex_);
  return !finished_ && !error_;
}

void PendingRequest::end(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (finished_ || error_) return;
  error_ = error;
  run_soon();
}

// The timeout: one timer that looks whether the deadline has moved on

void PendingRequest::arm() {
  const std::lock_guard lock(mutex_);
  deadline_ = deadline_after(timeout_);
  set_timer();
}

/// Call with the mutex held.
void PendingRequest::set_timer() {
  timer_ = owner_->pool().post_at(deadline_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire();
  });
}

void PendingRequest::expire() {
  const std::lock_guard lock(mutex_);
  timer_.reset();
  if (finished_ || error_ || running_) return;  // run() sets the timer again
  if (Clock::now() < deadline_) return set_timer();
  error_ =
      TimeoutError("no answer from " + owner_->queue().str() + " to request " + id_ + " within the timeout");
  run_soon();
}

// What goes out

/// Call with the mutex held.
void PendingRequest::run_soon() {
  if (std::exchange(running_, true)) return;
  owner_->pool().post([self = shared_from_this()] { self->run(); });
}

void PendingRequest::run() {
  for (;;) {
    std::shared_ptr<Received> message;
    std::optional<Error> error;
    bool was_full = false;
    {
      const std::lock_guard lock(mutex_);
      if (!messages_.empty()) {
        was_full = messages_.size() >= capacity;
        message = std::move(messages_.front());
        messages_.pop_front();
      } else if (error_) {
        error = error_;
      } else {
        running_ = false;
        deadline_ = deadline_after(timeout_);
        if (!timer_) set_timer();
        return;
      }
    }
    if (was_full) owner_->room();
    if (answer(error, message) || error) return finish();
  }
}

/// True when it was the last.
bool PendingRequest::answer(const std::optional<Error>& error, const std::shared_ptr<Received>& message) {
  try {
    return answer_(error ? &*error : nullptr, message.get());
  } catch (...) {
    log::write(log::Level::error, "what takes the answer to request " + id_ + " to " + owner_->queue().str() +
                                      " failed: " + to_error(std::current_exception()).what());
    return true;
  }
}

void PendingRequest::finish() {
  std::optional<std::uint64_t> timer;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    messages_.clear();
    timer = std::exchange(timer_, std::nullopt);
  }
  if (timer) owner_->pool().cancel(*timer);
  answer_ = {};
  owner_->ended(shared_from_this());
}

}  // namespace omnibus::framework::detail
