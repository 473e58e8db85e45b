#include "core/connection.hpp"

#include <algorithm>
#include <list>
#include <thread>
#include <utility>

#include <omnibus/log.hpp>

#include "core/thread_state.hpp"
#include "core/url.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration shutdown_time = std::chrono::seconds(10);
constexpr Duration driver_grace = std::chrono::seconds(1);

/// Threads of run_aside; joined when the program ends.
class Aside {
 public:
  ~Aside() {
    std::list<Entry> left;  // joined without the lock
    const std::lock_guard lock(mutex_);
    left.swap(entries_);
  }
  void run(UniqueFunction<void()> work) {
    const std::lock_guard lock(mutex_);
    entries_.remove_if([](const Entry& entry) { return entry.done->load(); });
    auto done = std::make_shared<std::atomic<bool>>(false);
    entries_.push_back({done, std::jthread([task = std::move(work), done]() mutable {
                          task();
                          task = nullptr;
                          done->store(true);
                        })});
  }

 private:
  struct Entry {
    std::shared_ptr<std::atomic<bool>> done;
    std::jthread thread;
  };
  std::mutex mutex_;  ///< guards entries_
  std::list<Entry> entries_;
};

}  // namespace

void run_aside(UniqueFunction<void()> work) {
  static Aside aside;
  aside.run(std::move(work));
}

std::shared_ptr<Connection> Connection::open(const BackendFactory& factory, std::string_view url,
                                             BusOptions options) {
  driver::BackendConfig config = parse_url(url);
  auto connection = std::make_shared<Connection>(std::move(options));
  config.nulls = connection->options_.nulls;
  config.instance = connection->options_.instance;
  config.connect_timeout = connection->options_.connect_timeout;
  connection->backend_ = factory(config, *connection);
  if (!connection->backend_)
    throw ConfigError("the factory for " + without_secrets(url) + " made no backend");
  return connection;
}

Connection::Connection(BusOptions options)
    : options_(std::move(options)),
      budget_(options_.max_buffered),
      executor_(timers_, options_.max_handler_threads) {
  if (!options_.instance.empty()) return;
  slot_.emplace();
  options_.instance = slot_->name();
}

Connection::~Connection() = default;

std::uint64_t Connection::schedule(TimePoint when, UniqueFunction<void()> work) {
  return timers_.schedule(when, std::move(work));
}

bool Connection::cancel(std::uint64_t token) noexcept { return timers_.cancel(token); }

void Connection::require(driver::Feature feature, std::string_view what) {
  if (features().has(feature)) return note(feature);
  const std::string& how = features()[feature].note;
  throw ConfigError(std::string(what) + " is not offered by the backend " + std::string(backend_->name()) +
                    (how.empty() ? "" : ": " + how));
}

void Connection::note(driver::Feature feature) {
  const auto& entry = features()[feature];
  if (entry.support > driver::Support::weaker) return;
  {
    const std::lock_guard lock(mutex_);
    if (!warned_.insert(feature).second) return;
  }
  log::write(log::Level::warning, "backend " + std::string(backend_->name()) + ": " +
                                      std::string(driver::to_string(feature)) + " is " +
                                      std::string(driver::to_string(entry.support)) +
                                      (entry.note.empty() ? "" : ": " + entry.note));
}

void Connection::check_open() const {
  if (closed_.load()) throw ClosedError("the bus is closed");
}

void Connection::add(std::weak_ptr<Closable> closable) {
  const std::lock_guard lock(mutex_);
  check_open();
  if (closables_.size() >= purge_at_) {
    std::erase_if(closables_, [](const auto& entry) { return entry.expired(); });
    purge_at_ = std::max<std::size_t>(64, closables_.size() * 2);
  }
  closables_.push_back(std::move(closable));
}

std::vector<std::shared_ptr<Closable>> Connection::closables() {
  std::vector<std::shared_ptr<Closable>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : closables_) {
    if (auto closable = entry.lock()) alive.push_back(std::move(closable));
  }
  return alive;
}

CloseReport Connection::close(Duration timeout) noexcept {
  const TimePoint deadline = deadline_after(timeout);
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;  // with the lock of add(): nobody joins after the list was taken
  }
  const std::lock_guard closing(close_mutex_);
  CloseReport total;
  // Consumers first: their handlers may still send.
  for (const bool consumers : {true, false}) {
    const TimePoint until = consumers && timeout < std::chrono::hours(1) ? deadline - timeout / 4 : deadline;
    const auto all = closables();
    for (const auto& closable : all) {
      if (closable->is_consumer() == consumers) closable->begin_close(until);
    }
    for (const auto& closable : all) {
      if (closable->is_consumer() != consumers) continue;
      const auto report = closable->close(std::max<Duration>(until - Clock::now(), Duration::zero()));
      total.flushed += report.flushed;
      total.unsent += report.unsent;
      total.running += report.running;
    }
  }
  close_backend(deadline);
  return total;
}

/// Called with close_mutex_ held.
void Connection::close_backend(TimePoint deadline) noexcept {
  if (backend_closed_ || !backend_) return;
  backend_closed_ = true;
  const auto waiter = std::make_shared<SharedWaiter<bool>>();
  backend_->close(deadline, [waiter](const Error*) { waiter->set(true); });
  const TimePoint patience = std::max(deadline, Clock::now());
  const bool far = patience >= TimePoint::max() - driver_grace;
  if (!waiter->wait_until(far ? patience : patience + driver_grace)) {
    log::write(log::Level::error,
               "backend " + std::string(backend_->name()) + " did not close before the deadline");
  }
}

void Connection::shutdown(Duration timeout) noexcept {
  const TimePoint deadline = deadline_after(timeout);
  close(timeout);
  executor_.stop(std::max(deadline, Clock::now() + driver_grace));
  timers_.stop();
  backend_.reset();
}

BusCore::~BusCore() {
  if (thread_state.inside_callback()) {
    run_aside([connection = std::move(connection_)] { connection->shutdown(shutdown_time); });
  } else {
    connection_->shutdown(shutdown_time);
  }
}

}  // namespace omnibus::detail
