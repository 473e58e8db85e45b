#include "integration/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace omnibus::integration {

Process::Process(std::vector<std::string> arguments, std::filesystem::path log,
                 const std::vector<std::string>& environment)
    : log_(std::move(log)) {
  arguments.insert(arguments.begin(), OMNIBUS_PROGRAM);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<std::string> mine = environment;
  std::vector<char*> env;
  for (auto& entry : mine) env.push_back(entry.data());
  for (char** entry = environ; *entry != nullptr; ++entry) env.push_back(*entry);
  env.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  // Sockets of the test's servers stay its own: one that a process has too is not closed when the server
  // closes it.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  const int failure = ::posix_spawn(&id_, argv[0], &files, nullptr, argv.data(), env.data());
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), arguments.front());
}

Process::Process(Process&& other) noexcept : id_(std::exchange(other.id_, 0)), log_(std::move(other.log_)) {}

Process::~Process() { kill(); }

void Process::signal(int number) const {
  if (id_ > 0) ::kill(id_, number);
}

void Process::kill() {
  signal(SIGKILL);
  wait(std::chrono::seconds(30));
}

std::optional<int> Process::wait(std::chrono::milliseconds timeout) {
  if (id_ <= 0) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    int status = 0;
    if (::waitpid(id_, &status, WNOHANG) == id_) {
      id_ = 0;
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    pause();
  }
}

std::string Process::output() const {
  std::ifstream file(log_);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Process::printed_after(const std::string& before) const {
  std::string found;
  const bool printed = eventually([&] {
    const auto text = output();
    const auto at = text.find(before);
    if (at == std::string::npos) return id_ > 0 && ::kill(id_, 0) != 0;
    const auto end = text.find('\n', at);
    if (end == std::string::npos) return false;
    found = text.substr(at + before.size(), end - at - before.size());
    return true;
  });
  EXPECT_TRUE(printed && !found.empty()) << "no '" << before << "' in:\n" << output();
  return found;
}

Folder::Folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "omnibus-integration-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), pattern);
  }
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;  // a temporary folder; the system clears what is left
  std::filesystem::remove_all(path_, ignored);
}

void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

}  // namespace omnibus::integration
