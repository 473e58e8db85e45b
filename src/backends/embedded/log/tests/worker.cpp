#include <array>
#include <cstdlib>
#include <iostream>
#include <string>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backends/embedded/log/tests/support.hpp"

namespace omnibus::embedded::testing {
namespace {

std::string_view wanted_step;
int steps_left = 0;
int wanted_signal = SIGKILL;

void signal_at_step(std::string_view name) {
  if (name == wanted_step && --steps_left == 0) ::raise(wanted_signal);
}

LogOptions worker_options(const char* directory) {
  LogOptions options;
  options.directory = directory;
  options.durability = {.level = Durability::Level::process};
  options.first_segment = 64 << 10;
  options.max_segment = 256 << 10;
  options.report = [](const std::string& text) { std::cerr << text << '\n'; };
  return options;
}

void say(const std::string& text) { std::cout << text << std::endl; }

void wait_for_end_of_input() {
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
}

/// append DIR TAG COUNT: says "ready", then after the end of input appends "TAG:1" … and says each.
int append(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  const auto count = std::strtol(argv[2], nullptr, 10);
  for (long at = 1; at <= count; ++at) put(*log, std::string(argv[1]) + ":" + std::to_string(at));
  return 0;
}

/// endless DIR TAG: appends until it is killed; says each sequence's text after the append returned.
int endless(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  for (long at = 1;; ++at) {
    put(*log, std::string(argv[1]) + ":" + std::to_string(at));
    say(std::to_string(at));
  }
}

/// signal DIR STEP NTH SIGNAL: gets the signal at the nth time of a step.
int signal(char** argv) {
  auto options = worker_options(argv[0]);
  wanted_step = argv[1];
  steps_left = static_cast<int>(std::strtol(argv[2], nullptr, 10));
  wanted_signal = static_cast<int>(std::strtol(argv[3], nullptr, 10));
  options.step = signal_at_step;
  auto log = Log::open(std::move(options));
  const std::string body(1000, 'k');
  for (long at = 1; at <= 1000; ++at) put(*log, "dying:" + std::to_string(at) + ":" + body);
  return 0;
}

/// hold DIR: a member until the end of input; says "ready".
int hold(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  say("ready");
  wait_for_end_of_input();
  return 0;
}

/// wait DIR SEEN: says "ready", then the first frame behind SEEN once it comes.
int wait(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  const auto seen = std::strtoull(argv[1], nullptr, 10);
  say("ready");
  if (!log->wait(seen, deadline_after(std::chrono::seconds(20)))) return 1;
  say(all(*log, seen).at(0));
  return 0;
}

/// read DIR: says "ready" with a cursor at the start and the first frame; after the end of input all others.
int read(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  auto cursor = log->cursor(0);
  FrameView frame;
  Gap gap;
  log->read(cursor, frame, gap);
  say("ready");
  wait_for_end_of_input();
  say(std::string(frame.payload));
  for (auto result = log->read(cursor, frame, gap); result != ReadResult::end;
       result = log->read(cursor, frame, gap))
    say(result == ReadResult::gap ? "gap " + std::to_string(gap.last) : std::string(frame.payload));
  return 0;
}

/// limited DIR: appends under a limit on file sizes until that fails; says the code, and whether it can read.
int limited(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  const rlimit limit{.rlim_cur = 100 << 10, .rlim_max = 100 << 10};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const std::string body(1000, 'b');
  try {
    for (;;) put(*log, body);
  } catch (const Error& error) {
    say(std::string(to_string(error.code())));
  }
  say(all(*log).size() == log->end() && log->end() > 50 ? "readable" : "not readable");
  return 0;
}

/// checkpoints DIR: a frame and a checkpoint of it, until it is killed; says each sequence.
int checkpoints(char** argv) {
  auto log = Log::open(worker_options(argv[0]));
  for (;;) {
    const auto sequence = put(*log, "frame").sequence;
    log->write_checkpoint(sequence, std::string(10'000, static_cast<char>('a' + sequence % 26)));
    say(std::to_string(sequence));
  }
}

}  // namespace

int run_worker(int argc, char** argv) {
  if (argc < 4 || std::string_view(argv[1]) != "--worker") return -1;
  const std::string_view role = argv[2];
  if (role == "append") return append(argv + 3);
  if (role == "endless") return endless(argv + 3);
  if (role == "signal") return signal(argv + 3);
  if (role == "hold") return hold(argv + 3);
  if (role == "wait") return wait(argv + 3);
  if (role == "read") return read(argv + 3);
  if (role == "limited") return limited(argv + 3);
  if (role == "checkpoints") return checkpoints(argv + 3);
  return 2;
}

}  // namespace omnibus::embedded::testing

int main(int argc, char** argv) {
  const int worker = omnibus::embedded::testing::run_worker(argc, argv);
  if (worker >= 0) return worker;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
