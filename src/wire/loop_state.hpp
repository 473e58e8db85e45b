#pragma once

/// The insides of a Loop, for the sources of this folder only: this header brings in Asio.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "wire/loop.hpp"

namespace omnibus::wire {

struct Loop::State {
  void drain();

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::mutex mutex;  ///< guards `posted` and `stopped`
  bool stopped = false;
  std::vector<UniqueFunction<void()>> posted;
  std::vector<UniqueFunction<void()>> running;  ///< of the loop's thread
  std::thread thread;
};

}  // namespace omnibus::wire
