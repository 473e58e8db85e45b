#pragma once

#include <cstdint>
#include <string>

#include <omnibus/time.hpp>

namespace omnibus::app {

/// Tells on standard error how far a long piece of work is: a bar where it is a terminal, else a line now and
/// then and one at the end. Threads: one.
class Progress {
 public:
  /// `label` stands before what is told, for example "omnibus store check".
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Bytes of bytes. Cheap: it looks at the clock and seldom writes.
  void show(std::uint64_t done, std::uint64_t total);
  /// Takes the bar away, or writes the last line. Idempotent.
  void finish();

 private:
  void write() const;

  const std::string label_;
  const bool terminal_;
  TimePoint next_;
  std::uint64_t done_ = 0, total_ = 0;
  bool finished_ = false;
};

/// "1.5 GiB"
std::string readable_size(std::uint64_t bytes);

}  // namespace omnibus::app
