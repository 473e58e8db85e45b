/// What the processes of processes_test.cpp do: this program again, with a role.

#include <array>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's own, for raise
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/embedded/log/tests/support.hpp"
#include "backends/embedded/tests/small_store.hpp"
#include "backends/embedded/transaction.hpp"

namespace omnibus::embedded::test {
namespace {

std::string_view wanted_step;
std::atomic<int> steps_left = 0;
std::atomic<int> syncs_left = 0;
int wanted_signal = SIGKILL;

void signal_at_step(std::string_view name) {
  if (name == wanted_step && --steps_left == 0) ::raise(wanted_signal);
}

void say(const std::string& text) { std::cout << text << std::endl; }

void wait_for_end_of_input() {
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
}

/// Sends `count` messages "TAG:1" … and says the number of each that is confirmed.
void send_many(SmallStore& store, const std::string& tag, int count) {
  const auto producer = store.producer("work", tag);
  for (int at = 1; at <= count; ++at) {
    // Long enough to come to the next segment.
    const auto text = tag + ':' + std::to_string(at) + ' ' + std::string(1500, 'k');
    if (!send(*producer, text)) say(std::to_string(at));
  }
}

/// step DIR TAG STEP NTH SIGNAL: sends; gets the signal at the nth time of a step.
int step(char** argv) {
  SmallStore store({argv[0], "process", {}, signal_at_step});
  wanted_step = argv[2];
  wanted_signal = static_cast<int>(std::strtol(argv[4], nullptr, 10));
  steps_left = static_cast<int>(std::strtol(argv[3], nullptr, 10));
  send_many(store, argv[1], 100);
  return 0;
}

/// lead DIR TAG SIGNAL: sends; gets the signal in its third sync.
int lead(char** argv) {
  SmallStore store({argv[0], "sync"});
  wanted_signal = static_cast<int>(std::strtol(argv[2], nullptr, 10));
  syncs_left = 3;
  send_many(store, argv[1], 10);
  return 0;
}

/// hold DIR COUNT: takes so many messages and says "held"; acknowledges them after the end of input.
int hold(char** argv) {
  SmallStore store({argv[0]});
  const auto count = std::strtoul(argv[1], nullptr, 10);
  CollectingSink sink;
  const auto consumer = store.consumer("work", sink, count);
  consumer->request(1000);
  if (!sink.wait_for(count)) return 1;
  say("held");
  wait_for_end_of_input();
  std::vector<driver::AckId> ids;
  for (const auto& delivery : sink.take()) ids.push_back(delivery.ack);
  const auto error = acknowledge(*consumer, ids);
  say(error ? error->what() : "acknowledged");
  return 0;
}

/// relay DIR: moves "work" on to "done" in transactions until the end of input.
int relay(char** argv) {
  SmallStore store({argv[0]});
  std::atomic<bool> ended = false;
  std::jthread watching([&] {
    wait_for_end_of_input();
    ended = true;
  });
  CollectingSink sink;
  const auto consumer = store.consumer("work", sink, 4);
  consumer->request(1'000'000);
  say("ready");
  while (!ended) {
    sink.wait_for(1, std::chrono::milliseconds(5));
    for (const auto& delivery : sink.take()) {
      TransactionHandle transaction(store.engine());
      driver::Outgoing output;
      output.payload = std::string(delivery.body.bytes());
      transaction.send(queue("done"), output, [](const Error*) {});
      transaction.acknowledge(*consumer, {&delivery.ack, 1}, [](const Error*) {});
      const auto error = wait([&](Completion done) { transaction.commit(std::move(done)); });
      // Its place in the queue comes back with the lease.
      if (error)
        wait([&](Completion done) {
          consumer->negative_acknowledge({&delivery.ack, 1}, Duration::zero(), std::move(done));
        });
    }
  }
  return 0;
}

int run_role(std::string_view role, char** argv) {
  if (role == "step") return step(argv);
  if (role == "lead") return lead(argv);
  if (role == "hold") return hold(argv);
  if (role == "relay") return relay(argv);
  return 2;
}

}  // namespace
}  // namespace omnibus::embedded::test

/// Stands before the C library's.
extern "C" int fdatasync(int descriptor) {
  namespace test = omnibus::embedded::test;
  if (test::syncs_left > 0 && --test::syncs_left == 0) ::raise(test::wanted_signal);
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

int main(int argc, char** argv) {
  if (argc > 3 && std::string_view(argv[1]) == "--worker")
    return omnibus::embedded::test::run_role(argv[2], argv + 3);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
