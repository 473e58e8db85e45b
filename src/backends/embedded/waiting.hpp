#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/embedded/outlet.hpp"
#include "backends/embedded/port.hpp"

namespace omnibus::embedded {

/// What callers want done under the Engine's lock; whoever holds it does it for all of them.
struct Waiting {
  struct Send {
    OutletPtr outlet;
    const driver::Outgoing* message = nullptr;
    Completion done;
    Content content;
    std::optional<Error> error;
    bool stored = false;
  };
  struct Acknowledgement {
    PortPtr port;
    std::size_t count = 0;  ///< its ids are the next so many
    Completion done;
    std::optional<Error> error;
  };
  struct Request {
    PortPtr port;
    std::size_t credit = 0;
  };

  std::vector<Send> sends, best_effort;
  std::vector<Acknowledgement> acknowledgements;
  std::vector<driver::AckId> ids;
  std::vector<Request> requests;

  /// There is what needs the commit section.
  bool durable() const noexcept { return !sends.empty() || !acknowledgements.empty(); }
  bool empty() const noexcept { return !durable() && best_effort.empty() && requests.empty(); }
  /// Its memory stays, unless it is much.
  void clear() {
    for (auto* all : {&sends, &best_effort}) recycle(*all);
    recycle(acknowledgements);
    recycle(ids);
    recycle(requests);
  }

 private:
  template <class T>
  static void recycle(std::vector<T>& items) {
    constexpr std::size_t most_kept = 4096;
    items.clear();
    if (items.capacity() > most_kept) items.shrink_to_fit();
  }
};

/// What is being served, in memory of an earlier round of the same thread; none until it is asked for.
class Served {
 public:
  Served() = default;
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    if (!work_) return;
    work_->clear();
    spare() = std::move(work_);
  }
  Waiting& operator*() {
    if (!work_) work_ = spare() ? std::move(spare()) : std::make_unique<Waiting>();
    return *work_;
  }
  Waiting* operator->() { return &**this; }
  bool empty() const noexcept { return !work_ || work_->empty(); }

 private:
  static std::unique_ptr<Waiting>& spare() noexcept {
    thread_local std::unique_ptr<Waiting> memory;
    return memory;
  }
  std::unique_ptr<Waiting> work_;
};

}  // namespace omnibus::embedded
