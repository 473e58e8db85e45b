#pragma once

/// A store in a temporary directory, and worker processes that use it: this program again, with a role.

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded::testing {

class Worker {
 public:
  /// Starts this program as `role` with arguments; see worker.cpp.
  explicit Worker(std::vector<std::string> arguments);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// The next line it prints; empty at its end.
  std::string line();
  void kill(int signal) const;
  /// Closes its input and waits for its end; the exit status, or minus the signal that ended it.
  int wait();

 private:
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
};

/// Runs a worker if this program was started as one; returns its exit status, or -1.
int run_worker(int argc, char** argv);

class LogTest : public ::testing::Test {
 protected:
  /// Many openings, each with its syncs, are quick only in memory.
  enum class Place { disk, memory };
  explicit LogTest(Place place = Place::disk) : place_(place) {}
  void SetUp() override;
  void TearDown() override;

  std::unique_ptr<Log> open(Durability durability = {.level = Durability::Level::process});
  std::unique_ptr<Log> open(LogOptions options);
  LogOptions options();
  /// What was reported so far, all lines together.
  std::string reported();

  std::filesystem::path directory;

 private:
  const Place place_;
  std::mutex mutex_;  // guards reports_
  std::string reports_;
};

/// Appends one frame of its own.
FrameView put(Log& log, std::string_view text);
/// All payloads behind `after`; a gap is "<first-last>".
std::vector<std::string> all(const Log& log, std::uint64_t after = 0);
/// Waits on a condition with a deadline of ten seconds; false when it passed.
bool eventually(const std::function<bool()>& condition);

std::string read_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, std::string_view bytes);
std::filesystem::path only_segment(const std::filesystem::path& directory);

}  // namespace omnibus::embedded::testing
