#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace omnibus::integration {

/// One child process; its output goes to a file. Ends with this object, by SIGKILL if need be.
class Process {
 public:
  /// Runs the omnibus program. `environment` entries ("NAME=value") go before those of this process.
  Process(std::vector<std::string> arguments, std::filesystem::path log,
          const std::vector<std::string>& environment = {});
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t id() const noexcept { return id_; }
  void signal(int number) const;
  /// The exit status, 128 + n after signal n; empty when it still runs at the end of `timeout`.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  void kill();

  /// What it has printed so far.
  std::string output() const;
  /// What stands between `before` and the end of its line, as soon as it is printed. Fails the test and
  /// returns an empty text when the process ends first or nothing comes.
  std::string printed_after(const std::string& before) const;

 private:
  pid_t id_;
  std::filesystem::path log_;
};

/// A fresh folder, removed with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Looks every 10 ms until `met()` or 30 seconds have passed.
template <class Condition>
bool eventually(Condition met);

/// One pause of a wait for something that cannot wake us.
void pause();

template <class Condition>
bool eventually(Condition met) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!met()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    pause();
  }
  return true;
}

}  // namespace omnibus::integration
