#pragma once

#include <cstddef>
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

/// What is being served, in memory of an earlier round of the same thread.
class Served {
 public:
  Served() noexcept : work_(std::exchange(spare(), {})) {}
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    work_.clear();
    spare() = std::move(work_);
  }
  Waiting& operator*() noexcept { return work_; }
  Waiting* operator->() noexcept { return &work_; }

 private:
  static Waiting& spare() noexcept {
    thread_local Waiting memory;
    return memory;
  }
  Waiting work_;
};

}  // namespace omnibus::embedded
