#include "core/executor.hpp"

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>

#include <gtest/gtest.h>

#include "core/backoff.hpp"
#include "core/budget.hpp"
#include "core/held.hpp"
#include "core/ring.hpp"
#include "core/tests/eventually.hpp"
#include "core/timer_queue.hpp"

namespace omnibus::detail {
namespace {

using namespace std::chrono_literals;

TEST(Executor, GrowsWhileHandlersBlockAndEndsItsThreadsWhenIdle) {
  TimerQueue timers;
  Executor executor(timers, 64);
  EXPECT_EQ(executor.threads(), 0u);
  constexpr int handlers = 32;
  std::latch all_running(handlers), done(1);
  for (int i = 0; i < handlers; ++i) {
    executor.post([&] {
      all_running.count_down();
      done.wait();
    });
  }
  all_running.wait();  // needs one thread each
  EXPECT_GE(executor.threads(), 32u);
  done.count_down();
  EXPECT_TRUE(eventually([&] { return executor.threads() == 0; }));
}

TEST(Executor, NeverPassesItsMaximum) {
  TimerQueue timers;
  Executor executor(timers, 3);
  std::atomic<int> running = 0, most = 0, finished = 0;
  for (int i = 0; i < 500; ++i) {
    executor.post([&] {
      const int now = ++running;
      int seen = most.load();
      while (seen < now && !most.compare_exchange_weak(seen, now)) continue;
      --running;
      ++finished;
    });
  }
  EXPECT_TRUE(eventually([&] { return finished == 500; }));
  EXPECT_LE(most, 3);
}

TEST(Executor, StopRunsWhatIsQueued) {
  TimerQueue timers;
  std::atomic<int> ran = 0;
  Executor executor(timers, 2);
  for (int i = 0; i < 100; ++i) executor.post([&] { ++ran; });
  EXPECT_TRUE(executor.stop(Clock::now() + 10s));
  EXPECT_EQ(ran, 100);
  executor.post([&] { ++ran; });
  EXPECT_EQ(ran, 100);
}

TEST(Executor, StopIsBoundedByItsDeadline) {
  TimerQueue timers;
  auto never = std::make_shared<std::latch>(1);
  auto gone = std::make_shared<std::latch>(1);
  {
    Executor executor(timers, 2);
    std::latch started(1);
    executor.post([never, gone, &started] {
      started.count_down();
      never->wait();
      gone->count_down();
    });
    started.wait();
    EXPECT_FALSE(executor.stop(Clock::now()));
  }
  never->count_down();
  gone->wait();
}

TEST(Executor, SurvivesATaskThatThrows) {
  TimerQueue timers;
  Executor executor(timers, 1);
  std::latch done(1);
  executor.post([] { throw std::runtime_error("expected by the test"); });
  executor.post([&] { done.count_down(); });
  done.wait();
}

TEST(TimerQueue, RunsInOrderOfTime) {
  TimerQueue timers;
  std::mutex mutex;
  std::vector<int> order;
  std::latch scheduled(1), done(3);
  const auto now = Clock::now();
  timers.schedule(now, [&] { scheduled.wait(); });
  for (const int i : {3, 1, 2}) {
    timers.schedule(now + i * 1ms, [&, i] {
      const std::lock_guard lock(mutex);
      order.push_back(i);
      done.count_down();
    });
  }
  scheduled.count_down();
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(TimerQueue, CancelTellsWhetherItCameInTime) {
  TimerQueue timers;
  std::latch ran(1);
  const auto far = timers.schedule(Clock::now() + 1h, [] { FAIL(); });
  const auto soon = timers.schedule(Clock::now(), [&] { ran.count_down(); });
  ran.wait();
  EXPECT_TRUE(timers.cancel(far));
  EXPECT_FALSE(timers.cancel(far));
  EXPECT_FALSE(timers.cancel(soon));
}

TEST(TimerQueue, WorkMayScheduleMore) {
  TimerQueue timers;
  std::latch done(1);
  timers.schedule(Clock::now(), [&] { timers.schedule(Clock::now(), [&] { done.count_down(); }); });
  done.wait();
}

TEST(LinkBackoff, DoublesFrom100MsTo10SWithinAFifth) {
  EXPECT_EQ(delay_of(link_backoff, 1, 0.5), 100ms);
  EXPECT_EQ(delay_of(link_backoff, 4, 0.5), 800ms);
  EXPECT_EQ(delay_of(link_backoff, 8, 0.5), 10s);
  EXPECT_EQ(delay_of(link_backoff, 4'000'000'000u, 0.5), 10s);
  EXPECT_EQ(delay_of(link_backoff, 1, 0.0), 80ms);
  EXPECT_LE(delay_of(link_backoff, 1, 0.999999), 120ms);
}

TEST(Budget, IsEmptyAtItsLimit) {
  Budget budget(100);
  budget.join();
  EXPECT_EQ(budget.allowance(1'000), 1u);
  budget.add(1'000);
  EXPECT_EQ(budget.allowance(1'000), 0u);
  budget.remove(1'000);
  EXPECT_EQ(budget.allowance(1'000), 1u);
}

TEST(Budget, IsSharedAmongThoseWhoReceive) {
  Budget budget(1'000);
  budget.join();
  EXPECT_EQ(budget.allowance(10), 50u);
  budget.join();
  EXPECT_EQ(budget.allowance(10), 25u);
}

TEST(Held, ATicketIsValidOnce) {
  Held held;
  const auto first = held.add();
  const auto second = held.add();
  EXPECT_TRUE(held.release(first));
  EXPECT_FALSE(held.release(first));
  const auto third = held.add();
  EXPECT_NE(third, first);
  EXPECT_FALSE(held.release(first));
  EXPECT_TRUE(held.release(third));
  EXPECT_TRUE(held.release(second));
  EXPECT_FALSE(held.release(0));
}

TEST(Held, AFailedSettlingMayBeTriedAgain) {
  Held held;
  const auto ticket = held.add();
  EXPECT_TRUE(held.release(ticket));
  held.note_given_back(ticket);
  EXPECT_TRUE(held.was_given_back(ticket));
  held.restore(ticket);
  EXPECT_FALSE(held.was_given_back(ticket));
  EXPECT_TRUE(held.release(ticket));
  EXPECT_FALSE(held.release(ticket));
}

TEST(AttemptBook, CountsFailuresAndForgetsTheOldest) {
  AttemptBook book;
  EXPECT_EQ(book.attempt("a"), 1u);
  book.failed("a");
  book.failed("a");
  EXPECT_EQ(book.attempt("a"), 3u);
  book.settled("a");
  EXPECT_EQ(book.attempt("a"), 1u);
  for (int i = 0; i < 20'000; ++i) book.failed(std::to_string(i));
  EXPECT_EQ(book.attempt("0"), 1u);
  EXPECT_EQ(book.attempt("19999"), 2u);
}

TEST(Ring, KeepsOrderWhileItGrows) {
  Ring<int> ring;
  int next = 0;
  for (int i = 0; i < 1'000; ++i) {
    ring.push_back(i);
    if (i % 3 != 0) continue;
    EXPECT_EQ(ring.pop_front(), next++);
  }
  while (!ring.empty()) EXPECT_EQ(ring.pop_front(), next++);
  EXPECT_EQ(next, 1'000);
}

}  // namespace
}  // namespace omnibus::detail
