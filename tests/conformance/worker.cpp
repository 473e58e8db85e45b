#include "conformance/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "conformance/case.hpp"

extern char** environ;

namespace omnibus::conformance {
namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
    read = ends[0];
    write = ends[1];
  }
};

pid_t spawn(std::vector<std::string>& words, int input, int output) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t process = -1;
  const int status = ::posix_spawn(&process, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (status != 0) throw std::system_error(status, std::generic_category(), "cannot start a worker");
  return process;
}

}  // namespace

Worker::Worker(std::string_view mode, const Arguments& arguments) {
  std::vector<std::string> words{"omnibus-conformance", "--worker", std::string(mode)};
  for (const auto& [key, value] : arguments) words.push_back(key + "=" + value);
  Pipe to, from;
  process_ = spawn(words, to.read, from.write);
  ::close(to.read);
  ::close(from.write);
  input_ = to.write;
  output_ = from.read;
}

Worker::~Worker() {
  kill();
  ::close(input_);
  ::close(output_);
}

std::string Worker::line() {
  const auto deadline = deadline_after(options().patience);
  for (;;) {
    if (const auto end = buffered_.find('\n'); end != std::string::npos) {
      auto found = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return found;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) throw Missed("the worker says nothing");
    std::array<char, 65536> chunk{};
    const auto size = ::read(output_, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return {};
    buffered_.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

std::string Worker::await(std::string_view word) {
  std::string last;
  for (auto text = line(); !text.empty(); text = line()) {
    if (text == word) return {};
    if (text.starts_with(word) && text[word.size()] == ' ') return text.substr(word.size() + 1);
    last = std::move(text);
  }
  throw Missed("the worker ended before it said '" + std::string(word) + "'; its last word was '" + last +
               "'");
}

std::vector<std::string> Worker::rest() {
  std::vector<std::string> lines;
  for (auto text = line(); !text.empty(); text = line()) lines.push_back(std::move(text));
  return lines;
}

void Worker::tell(std::string_view text) {
  const std::string out = std::string(text) + "\n";
  if (::write(input_, out.data(), out.size()) != static_cast<ssize_t>(out.size())) {
    throw std::system_error(errno, std::generic_category(), "cannot talk to the worker");
  }
}

void Worker::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
  join();
}

void Worker::freeze() { ::kill(process_, SIGSTOP); }
void Worker::thaw() { ::kill(process_, SIGCONT); }

bool Worker::ended() {
  if (process_ <= 0) return true;
  siginfo_t found{};
  // Leaves the status for join().
  return ::waitid(P_PID, static_cast<id_t>(process_), &found, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         found.si_pid == process_;
}

int Worker::join() {
  if (process_ <= 0) return 0;
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace omnibus::conformance
