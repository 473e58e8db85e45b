/// How fast the embedded commit log appends, reads and confirms. One JSON object per line:
///   {"case":…,"durability":…,"bytes":…,"frames":…,"per_second":…}
/// Usage: embedded_log_benchmark [DIRECTORY] (default: a temporary one, removed at the end)

#include <array>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>

#include <stdlib.h>

#include "backends/embedded/log/log.hpp"

namespace {

using namespace omnibus;
using namespace omnibus::embedded;

/// Counts confirmations. Threads: any.
class Window {
 public:
  Completion next() {
    const std::lock_guard guard(mutex_);
    ++open_;
    return [this](const Error* error) {
      const std::lock_guard inner(mutex_);
      --open_;
      failed_ = failed_ || error != nullptr;
      changed_.notify_all();
    };
  }
  void wait_below(int limit) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ < limit; });
    if (failed_) throw std::runtime_error("a sync failed");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int open_ = 0;
  bool failed_ = false;
};

struct Case {
  const char* name;
  const char* durability;
  std::size_t bytes;
  std::size_t frames;
  int window;  ///< confirmations that may be outstanding
};

void print(const Case& shape, const char* what, double seconds) {
  std::printf("{\"case\":\"%s%s\",\"durability\":\"%s\",\"bytes\":%zu,\"frames\":%zu,\"per_second\":%.0f}\n",
              what, shape.name, shape.durability, shape.bytes, shape.frames,
              static_cast<double>(shape.frames) / seconds);
  std::fflush(stdout);
}

double seconds_since(TimePoint start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void run(const std::filesystem::path& directory, const Case& shape) {
  LogOptions options;
  options.directory = directory;
  options.durability = Durability::parse(shape.durability);
  const auto log = Log::open(std::move(options));
  const std::string body(shape.bytes, 'b');
  const std::array<std::string_view, 1> parts{body};
  Window window;
  const auto start = Clock::now();
  for (std::size_t at = 0; at < shape.frames; ++at) {
    window.wait_below(shape.window);
    auto section = log->lock();
    const auto sequence = log->append(section, parts).sequence;
    section.release();
    log->wake();
    log->confirm(sequence, window.next());
  }
  window.wait_below(1);
  print(shape, "append", seconds_since(start));

  const auto reading = Clock::now();
  auto cursor = log->cursor(log->end() - shape.frames);
  FrameView frame;
  Gap gap;
  std::size_t read = 0;
  while (log->read(cursor, frame, gap) == ReadResult::frame) ++read;
  if (read != shape.frames) throw std::runtime_error("frames are missing");
  print(shape, "read", seconds_since(reading));
}

}  // namespace

int main(int argc, char** argv) try {
  std::filesystem::path directory;
  if (argc > 1) {
    directory = argv[1];
  } else {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibus-benchmark-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    directory = pattern;
  }
  constexpr std::array<Case, 7> cases{{{"", "process", 100, 2'000'000, 1},
                                       {"", "process", 1024, 500'000, 1},
                                       {"", "group:5", 100, 1'000'000, 1000},
                                       {"", "group:5", 1024, 300'000, 1000},
                                       {" one publisher", "sync", 1024, 2'000, 1},
                                       {" 64 outstanding", "sync", 1024, 50'000, 64},
                                       {" 1000 outstanding", "sync", 1024, 200'000, 1000}}};
  for (const auto& shape : cases) {
    const auto store = directory / "store";
    run(store, shape);
    std::filesystem::remove_all(store);
  }
  if (argc <= 1) std::filesystem::remove_all(directory);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "embedded_log_benchmark: %s\n", error.what());
  return 1;
}
