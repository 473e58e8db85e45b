#include "gateway_bench/loop.hpp"

#include <unistd.h>

#include <iostream>

#include "tool.hpp"

namespace omnibus::app::gateway_bench {

namespace {

using namespace std::chrono_literals;
constexpr auto look = 50ms;

}  // namespace

Loop::Loop(Duration patience)
    : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), patience_(patience), terminal_(::isatty(STDERR_FILENO) != 0) {}

Loop::~Loop() {
  if (terminal_) std::cerr << "\r\033[K" << std::flush;
}

Loop::End Loop::run(const std::function<std::string()>& progress) {
  moved();
  while (true) {
    if (io_.stopped()) io_.restart();
    io_.run_for(look);
    if (io_.stopped()) return End::finished;
    if (interrupted()) return End::interrupted;
    if (Clock::now() - moved_ > patience_) return End::impatient;
    show(progress());
  }
}

/// A line that is written over on a terminal, else one now and then.
void Loop::show(const std::string& text) {
  const auto pause = terminal_ ? Duration(100ms) : Duration(2s);
  const auto now = Clock::now();
  if (now - shown_ < pause) return;
  shown_ = now;
  if (terminal_) {
    std::cerr << "\r" << text << "\033[K" << std::flush;
  } else {
    std::cerr << text << "\n";
  }
}

}  // namespace omnibus::app::gateway_bench
