#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <omnibus/driver.hpp>

namespace omnibus::detail {

/// One message on its way out.
struct Slot {
  driver::Outgoing message;
  std::unique_ptr<driver::Encoder> encoder;  ///< made at first use; one caller at a time like the slot
  Completion done;
  TimePoint deadline = TimePoint::max();
  std::uint64_t ticket = 0;
  bool in_driver = false;   ///< its driver completion is still to come
  bool abandoned = false;   ///< its user was told; waits only for the driver to let go of it
  bool run_inline = false;  ///< `done` runs where the driver completes
  bool sync = false;        ///< its sender waits and throws; flush() does not report it again
  Slot* previous = nullptr;
  Slot* next = nullptr;
};

/// The slots in order of sending.
class SlotList {
 public:
  Slot* front() const noexcept { return front_; }
  bool empty() const noexcept { return front_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  void push_back(Slot* slot) noexcept {
    slot->previous = back_;
    slot->next = nullptr;
    (back_ != nullptr ? back_->next : front_) = slot;
    back_ = slot;
    ++size_;
  }
  void push_front(Slot* slot) noexcept {
    slot->previous = nullptr;
    slot->next = front_;
    (front_ != nullptr ? front_->previous : back_) = slot;
    front_ = slot;
    ++size_;
  }
  void remove(Slot* slot) noexcept {
    (slot->previous != nullptr ? slot->previous->next : front_) = slot->next;
    (slot->next != nullptr ? slot->next->previous : back_) = slot->previous;
    slot->previous = slot->next = nullptr;
    --size_;
  }

 private:
  Slot* front_ = nullptr;
  Slot* back_ = nullptr;
  std::size_t size_ = 0;
};

/// Owns slots and lends them out again with their memory, up to `kept_bytes` of idle payload capacity.
/// Threads: like a standard container.
class SlotPool {
 public:
  explicit SlotPool(std::size_t kept_bytes) : kept_limit_(kept_bytes) {}

  Slot* take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Slot>());
      free_.reserve(all_.size());  // give_back never allocates
      return all_.back().get();
    }
    Slot* slot = free_.back();
    free_.pop_back();
    kept_ -= slot->message.payload.capacity();
    return slot;
  }

  void give_back(Slot* slot) noexcept {
    driver::Outgoing& message = slot->message;
    message.payload.clear();
    if (kept_ + message.payload.capacity() > kept_limit_) std::string().swap(message.payload);
    if (message.properties.size() > 8) message.properties.clear();  // few stay: assigning reuses their memory
    slot->in_driver = slot->abandoned = slot->run_inline = slot->sync = false;
    kept_ += message.payload.capacity();
    free_.push_back(slot);
  }

 private:
  std::vector<std::unique_ptr<Slot>> all_;
  std::vector<Slot*> free_;
  const std::size_t kept_limit_;
  std::size_t kept_ = 0;  ///< payload capacity of free slots
};

}  // namespace omnibus::detail
