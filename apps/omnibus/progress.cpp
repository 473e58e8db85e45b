#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

#include <fmt/format.h>

namespace omnibus::app {
namespace {

constexpr auto line_interval = std::chrono::seconds(2);
constexpr auto bar_interval = std::chrono::milliseconds(100);
constexpr std::uint64_t bar_width = 30;

std::uint64_t share(std::uint64_t done, std::uint64_t total, std::uint64_t of) {
  if (total == 0) return of;
  return static_cast<std::uint64_t>(static_cast<double>(std::min(done, total)) / static_cast<double>(total) *
                                    static_cast<double>(of));
}

}  // namespace

Progress::Progress(std::string label)
    : label_(std::move(label)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      next_(Clock::now() + (terminal_ ? Duration(bar_interval) : Duration(line_interval))) {}

Progress::~Progress() {
  // Ended by an error: the bar goes, and nothing more is said.
  if (!finished_ && terminal_) std::cerr << "\r\033[K";
}

void Progress::show(std::uint64_t done, std::uint64_t total) {
  done_ = done;
  total_ = total;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? Duration(bar_interval) : Duration(line_interval));
  write();
}

void Progress::finish() {
  if (std::exchange(finished_, true)) return;
  if (terminal_)
    std::cerr << "\r\033[K";
  else
    write();
}

void Progress::write() const {
  const auto percent = share(done_, total_, 100);
  const auto numbers = fmt::format("{} of {} ({} %)", readable_size(done_), readable_size(total_), percent);
  if (!terminal_) {
    std::cerr << fmt::format("{}: {}\n", label_, numbers);
    return;
  }
  const auto filled = share(done_, total_, bar_width);
  std::cerr << fmt::format("\r{} [{}{}] {}\033[K", label_, std::string(filled, '#'),
                           std::string(bar_width - filled, '.'), numbers)
            << std::flush;
}

std::string readable_size(std::uint64_t bytes) {
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  auto size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < units.size()) size /= 1024, ++unit;
  return fmt::format("{:.1f} {}", size, units[unit]);
}

}  // namespace omnibus::app
