#pragma once

/// One store, this process with an opening of it, and other processes (roles.cpp).

#include <csignal>
#include <iostream>
#include <set>

#include <sys/wait.h>

#include "backends/embedded/log/tests/support.hpp"
#include "backends/embedded/tests/small_store.hpp"

namespace omnibus::embedded::test {

using testing::Worker;

/// How long calls took, and the longest of all.
class Stopwatch {
 public:
  template <class Call>
  auto time(Call&& call) {
    const auto since = Clock::now();
    auto result = std::forward<Call>(call)();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since).count();
    auto known = longest_.load();
    while (known < took && !longest_.compare_exchange_weak(known, took)) {
    }
    return result;
  }
  std::int64_t longest() const noexcept { return longest_; }

 private:
  std::atomic<std::int64_t> longest_ = 0;
};

class Processes : public ::testing::Test {
 protected:
  /// A sanitizer and a busy machine need their time too.
  static constexpr std::int64_t at_most = 1000;

  std::filesystem::path path() const { return directory.store(); }
  static void await_stop(const Worker& worker) {
    int status = 0;
    ASSERT_EQ(::waitpid(worker.pid(), &status, WUNTRACED), worker.pid());
    ASSERT_TRUE(WIFSTOPPED(status)) << "it ended instead";
  }
  /// What waits in a queue, each once; of each the first word.
  static std::set<std::string> take_all(SmallStore& store, const char* name) {
    CollectingSink sink;
    const auto consumer = store.consumer(name, sink);
    consumer->request(1'000'000);
    EXPECT_TRUE(sink.wait_for(store.backlog(name)));
    std::set<std::string> all;
    for (const auto& payload : sink.take_payloads()) {
      const auto text = payload.substr(0, payload.find(' '));
      EXPECT_TRUE(all.insert(text).second) << text << " came twice";
    }
    return all;
  }
  void report(const char* what, std::int64_t value) {
    RecordProperty(what, std::to_string(value));
    std::cout << "  " << what << ": " << value << '\n';
  }

  TemporaryDirectory directory;
};

}  // namespace omnibus::embedded::test
