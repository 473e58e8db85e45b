#include "backends/mqtt/tests/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace omnibus::mqtt {

Worker::Worker(const std::string& mode, const std::string& url, std::size_t count) {
  std::vector<std::string> words{"omnibus_mqtt_test", "--worker", mode, url, std::to_string(count)};
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int status = ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  output_ = ends[0];
  if (status != 0) throw std::system_error(status, std::generic_category(), "cannot start a worker");
}

Worker::~Worker() {
  if (process_ > 0) {
    kill();
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(output_);
}

void Worker::kill() const {
  ::kill(process_, SIGKILL);
  siginfo_t found{};
  // The destructor takes the status.
  while (::waitid(P_PID, static_cast<id_t>(process_), &found, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
}

std::string Worker::line() {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      auto found = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return found;
    }
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 20'000) == 0) throw std::runtime_error("the worker says nothing");
    std::array<char, 4096> piece{};
    const auto size = ::read(output_, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return {};
    buffer_.append(piece.data(), static_cast<std::size_t>(size));
  }
}

std::vector<std::string> Worker::until(const std::string& last) {
  std::vector<std::string> lines;
  for (auto text = line(); !text.empty(); text = line()) {
    lines.push_back(text);
    if (text == last) break;
  }
  return lines;
}

}  // namespace omnibus::mqtt
