#include "conformance/seam.hpp"

#include "backends/registry.hpp"
#include "conformance/case.hpp"
#include "core/url.hpp"

namespace omnibus::conformance {
namespace {

/// The state of one awaited completion. Shared, so that a late second call does no harm.
struct Awaited {
  std::mutex mutex;  ///< guards everything below
  std::condition_variable changed;
  int calls = 0;
  std::optional<Error> error;
};

template <class T>
T obtain(const std::function<void(driver::Result<T>)>& start) {
  auto made = std::make_shared<T>();
  finish([&](Completion done) {
    start([made, done = std::move(done)](const Error* error, T value) mutable {
      *made = std::move(value);
      done(error);
    });
  });
  return std::move(*made);
}

}  // namespace

void finish(const std::function<void(Completion)>& start) {
  auto awaited = std::make_shared<Awaited>();
  start([awaited](const Error* error) {
    const std::lock_guard lock(awaited->mutex);
    if (++awaited->calls > 1) ADD_FAILURE() << "a completion ran twice";
    if (error != nullptr) awaited->error = *error;
    awaited->changed.notify_all();
  });
  std::unique_lock lock(awaited->mutex);
  if (!awaited->changed.wait_for(lock, options().patience, [&] { return awaited->calls > 0; })) {
    throw Missed("a completion did not run");
  }
  if (awaited->error) awaited->error->raise();
}

TimerHost::TimerHost() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

TimerHost::~TimerHost() = default;

std::uint64_t TimerHost::schedule(TimePoint when, UniqueFunction<void()> work) {
  const std::lock_guard lock(mutex_);
  due_.emplace(std::pair(when, ++tokens_), std::move(work));
  changed_.notify_all();
  return tokens_;
}

bool TimerHost::cancel(std::uint64_t token) noexcept {
  const std::lock_guard lock(mutex_);
  return std::erase_if(due_, [token](const auto& entry) { return entry.first.second == token; }) > 0;
}

void TimerHost::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (due_.empty()) {
      changed_.wait(lock, stop, [this] { return !due_.empty(); });
      continue;
    }
    const auto first = due_.begin()->first;
    if (first.first > Clock::now()) {
      changed_.wait_until(lock, stop, first.first,
                          [&] { return due_.empty() || due_.begin()->first != first; });
      continue;
    }
    auto work = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    lock.unlock();
    work();
    lock.lock();
  }
}

Link::Link(const std::string& url) {
  auto config = parse_url(url);
  config.instance = "conformance-seam";
  backend_ = backends::open(config, host_);
}

Link::~Link() {
  finish([this](Completion done) { backend_->close(deadline_after(5s), std::move(done)); });
}

std::unique_ptr<driver::Producer> Link::producer(const QueueName& queue, std::string name) {
  const driver::ProducerConfig config{
      .queue = queue, .name = std::move(name), .named_by_user = true, .extra = {}};
  return obtain<std::unique_ptr<driver::Producer>>(
      [&](auto done) { backend_->create_producer(config, std::move(done)); });
}

std::unique_ptr<driver::Consumer> Link::consumer(const driver::ConsumerConfig& config, driver::Sink& sink) {
  return obtain<std::unique_ptr<driver::Consumer>>(
      [&](auto done) { backend_->create_consumer(config, sink, std::move(done)); });
}

std::unique_ptr<driver::Transaction> Link::begin(const std::string& id) {
  return obtain<std::unique_ptr<driver::Transaction>>(
      [&](auto done) { backend_->begin(id, std::move(done)); });
}

Inbox::Inbox(Link& link, const QueueName& queue, std::string subscription, ConsumerOptions options)
    : consumer_(link.consumer(
          {.queue = queue, .subscription = std::move(subscription), .options = std::move(options)}, *this)) {}

Inbox::~Inbox() { close(); }

std::vector<driver::Delivery> Inbox::await(std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, options().patience, [&] { return deliveries_.size() >= count; })) {
    throw Missed("only " + std::to_string(deliveries_.size()) + " of " + std::to_string(count) +
                 " deliveries");
  }
  return deliveries_;
}

std::size_t Inbox::size() {
  const std::lock_guard lock(mutex_);
  return deliveries_.size();
}

std::size_t Inbox::late() {
  const std::lock_guard lock(mutex_);
  return late_;
}

void Inbox::close() {
  if (!consumer_) return;
  finish([this](Completion done) { consumer_->close(deadline_after(5s), std::move(done)); });
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  consumer_.reset();
}

void Inbox::deliver(std::span<driver::Delivery> batch) noexcept {
  const std::lock_guard lock(mutex_);
  if (closed_) late_ += batch.size();
  for (auto& delivery : batch) deliveries_.push_back(std::move(delivery));
  changed_.notify_all();
}

void Inbox::dropped(std::uint64_t count) noexcept {
  const std::lock_guard lock(mutex_);
  dropped_ += count;
}

void Inbox::failed(const Error&) noexcept {
  const std::lock_guard lock(mutex_);
  ++failures_;
}

}  // namespace omnibus::conformance
