#include "backends/embedded/log/tests/support.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace omnibus::embedded::testing {

Worker::Worker(std::vector<std::string> arguments) {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) throw std::bad_alloc();
  arguments.insert(arguments.begin(), {"/proc/self/exe", "--worker"});
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  input_ = in[1];
  output_ = out[0];
}

Worker::~Worker() {
  if (pid_ > 0) {
    kill(SIGKILL);
    wait();
  }
  ::close(output_);
}

std::string Worker::line() {
  std::string text;
  char letter = 0;
  while (::read(output_, &letter, 1) == 1 && letter != '\n') text += letter;
  return text;
}

void Worker::kill(int signal) const { ::kill(pid_, signal); }

int Worker::wait() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void LogTest::SetUp() {
  const std::filesystem::path memory = "/dev/shm";
  const bool in_memory = place_ == Place::memory && ::access(memory.c_str(), W_OK) == 0;
  const auto root = in_memory ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (root / "omnibus-log-XXXXXX").string();
  directory = ::mkdtemp(pattern.data());
}

void LogTest::TearDown() {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

LogOptions LogTest::options() {
  LogOptions options;
  options.directory = directory;
  options.durability = {.level = Durability::Level::process};
  options.first_segment = 64 << 10;
  options.max_segment = 256 << 10;
  options.report = [this](const std::string& text) {
    const std::lock_guard guard(mutex_);
    reports_ += text + "\n";
  };
  return options;
}

std::unique_ptr<Log> LogTest::open(Durability durability) {
  auto chosen = options();
  chosen.durability = durability;
  return Log::open(std::move(chosen));
}

std::unique_ptr<Log> LogTest::open(LogOptions options) { return Log::open(std::move(options)); }

std::string LogTest::reported() {
  const std::lock_guard guard(mutex_);
  return reports_;
}

FrameView put(Log& log, std::string_view text) {
  auto section = log.lock();
  return log.append(section, std::array{text});
}

std::vector<std::string> all(const Log& log, std::uint64_t after) {
  auto cursor = log.cursor(after);
  FrameView frame;
  Gap gap;
  std::vector<std::string> found;
  for (;;) {
    const auto result = log.read(cursor, frame, gap);
    if (result == ReadResult::end) return found;
    if (result == ReadResult::frame)
      found.emplace_back(frame.payload);
    else
      found.push_back('<' + std::to_string(gap.first) + '-' + std::to_string(gap.last) + '>');
  }
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = deadline_after(std::chrono::seconds(10));
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}

std::filesystem::path only_segment(const std::filesystem::path& directory) {
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "log")) {
    if (entry.path().extension() != ".seg") continue;
    EXPECT_TRUE(found.empty()) << "more than one segment";
    found = entry.path();
  }
  return found;
}

}  // namespace omnibus::embedded::testing
