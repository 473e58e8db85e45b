#pragma once

/// The insides of a Loop, for the sources of this folder only: this header brings in Asio.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "wire/loop.hpp"

namespace omnibus::wire {

/// The way in for threads that may outlive the loop.
struct Loop::Door {
  /// Dropped once the loop has been stopped. Threads: any.
  void post(UniqueFunction<void()> work);

  std::mutex mutex;  ///< guards `state`
  State* state = nullptr;
};

struct Loop::State {
  void post(UniqueFunction<void()> task);
  void drain();

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::mutex mutex;  ///< guards `posted` and `stopped`
  bool stopped = false;
  std::vector<UniqueFunction<void()>> posted;
  std::vector<UniqueFunction<void()>> running;  ///< of the loop's thread
  std::set<std::shared_ptr<void>> kept;         ///< likewise: what waits for other threads
  const std::shared_ptr<Door> door = std::make_shared<Door>();
  std::thread thread;
};

}  // namespace omnibus::wire
