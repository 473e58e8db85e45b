#include <omnibus/log.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace omnibus::log {
namespace {

using Handler = std::function<void(Level, std::string_view)>;

struct State {
  State() : logger("omnibus", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_level(spdlog::level::trace);
    logger.set_pattern("%Y-%m-%d %H:%M:%S,%e - %v");
    logger.flush_on(spdlog::level::trace);
  }
  spdlog::logger logger;
  std::atomic<Level> level = Level::info;
  std::mutex mutex;  ///< guards id and handler
  std::shared_ptr<const std::string> id = std::make_shared<const std::string>("omnibus");
  std::shared_ptr<const Handler> handler;
};

/// Never destroyed: destructors of statics may log.
State& state() {
  static auto* const instance = new State;
  return *instance;
}

spdlog::level::level_enum native(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::critical:
      return spdlog::level::critical;
  }
  return spdlog::level::info;
}

/// One record is one line, whatever a peer's text holds.
std::string one_line(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warning:
      return "WARNING";
    case Level::error:
      return "ERROR";
    case Level::critical:
      return "CRITICAL";
  }
  return "UNKNOWN";
}

void set_level(Level level) noexcept { state().level.store(level, std::memory_order_relaxed); }

bool enabled(Level level) noexcept { return level >= state().level.load(std::memory_order_relaxed); }

void set_id(std::string_view id) {
  auto next = std::make_shared<const std::string>(id);
  const std::lock_guard lock(state().mutex);
  state().id = std::move(next);
}

void set_handler(Handler handler) {
  auto next = handler ? std::make_shared<const Handler>(std::move(handler)) : nullptr;
  const std::lock_guard lock(state().mutex);
  state().handler = std::move(next);
}

void write(Level level, std::string_view message) noexcept try {
  if (!enabled(level)) return;
  std::shared_ptr<const std::string> id;
  std::shared_ptr<const Handler> handler;
  {
    const std::lock_guard lock(state().mutex);
    id = state().id;
    handler = state().handler;
  }
  if (handler) return (*handler)(level, message);
  state().logger.log(native(level), "{} - {} - {}", *id, to_string(level), one_line(message));
} catch (...) {
  // A record that cannot be written must not end its writer.
}

}  // namespace omnibus::log
