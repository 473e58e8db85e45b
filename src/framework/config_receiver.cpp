#include "omnibus/framework/config_receiver.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <omnibus/catalogue/config.hpp>
#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/request_response.hpp>
#include <omnibus/framework/unique_id.hpp>
#include <omnibus/log.hpp>

#include "framework/pause.hpp"

namespace omnibus::framework {

using catalogue::ConfigPush;
using catalogue::ConfigRequest;
using catalogue::ConfigResponse;

/// Two chains of callbacks: one asks until it is answered, one applies what is newest. Neither holds a thread
/// while it waits.
struct ConfigReceiver::Impl : std::enable_shared_from_this<Impl> {
  struct Latest {
    std::int64_t version;
    std::shared_ptr<const Configuration> values;
  };

  Impl(Bus bus_in, ConfigReceiverSettings settings_in);
  void start();
  void stop(Duration timeout) noexcept;

  void ask_anew();
  void ask(std::uint64_t round);
  void answered(std::uint64_t round, const Error* error, const ConfigResponse* response);
  void ask_later(std::uint64_t round, const std::string& reason);
  void offer(std::int64_t version, Configuration values);
  void apply_soon();
  void apply();
  bool hand_out(const Latest& latest) noexcept;
  void applied_or_not(const Latest& latest, bool good);

  Bus bus;
  const ConfigReceiverSettings settings;
  std::vector<Handler> handlers;  // fixed at start()
  RequestResponse<ConfigRequest, ConfigResponse> client;
  std::unique_ptr<Consumer<ConfigPush>> pushes;

  mutable std::mutex mutex;         // guards what follows
  std::condition_variable changed;  // `applying`
  bool stopped = false;
  std::uint64_t round = 0;  // of asking; an older one goes on no more
  int unanswered = 0;
  std::optional<std::uint64_t> ask_timer, apply_timer;
  std::optional<Latest> latest;  // not yet applied
  std::optional<std::int64_t> applied;
  int failures = 0;
  bool applying = false;
};

namespace {
/// The receiver whose handlers run on this thread; null in none.
thread_local const void* applying_of = nullptr;
}  // namespace

ConfigReceiver::Impl::Impl(Bus bus_in, ConfigReceiverSettings settings_in)
    : bus(std::move(bus_in)),
      settings(std::move(settings_in)),
      client(bus, {.id = settings.id,
                   .name = "config-request",
                   .request = settings.request,
                   .response = settings.response,
                   .subscription = {}}) {}

void ConfigReceiver::Impl::start() {
  ConsumerSettings receive{.id = settings.id,
                           .name = "config",
                           .queue = settings.push,
                           .subscription = derived_name(settings.id + "--config", "--" + unique_id()),
                           .reconnect = settings.reconnect,
                           .options = {.position = Position::latest,
                                       .sharing = Sharing::exclusive,
                                       .lifetime = Lifetime::ephemeral,
                                       .fail_fast = true},
                           .subscribed = [weak = weak_from_this()] {
                             if (const auto self = weak.lock()) self->ask_anew();
                           }};
  pushes = std::make_unique<Consumer<ConfigPush>>(
      bus, std::move(receive),
      framework::Handler<ConfigPush>(
          [weak = weak_from_this()](const Message<ConfigPush>& message, const Context&) {
            if (const auto self = weak.lock()) self->offer(message->version, message->config);
          }));
  pushes->start();
}

// Asking

void ConfigReceiver::Impl::ask_anew() {
  std::uint64_t mine = 0;
  {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    mine = ++round;
    unanswered = 0;
  }
  bus.post([self = shared_from_this(), mine] { self->ask(mine); });
}

void ConfigReceiver::Impl::ask(std::uint64_t mine) {
  {
    const std::lock_guard lock(mutex);
    if (stopped || mine != round) return;
  }
  try {
    client.start();
  } catch (...) {
    return ask_later(mine, to_error(std::current_exception()).what());
  }
  client.request_async(
      {.operation = "config"},
      [weak = weak_from_this(), mine](const Error* error, const ConfigResponse* response) {
        if (const auto self = weak.lock()) self->answered(mine, error, response);
        return true;
      },
      settings.answer);
}

void ConfigReceiver::Impl::answered(std::uint64_t mine, const Error* error, const ConfigResponse* response) {
  if (error != nullptr) return ask_later(mine, error->what());
  if (response->error) return ask_later(mine, "the config service answered: " + response->error->message);
  if (!response->config) return ask_later(mine, "the config service answered without a configuration");
  offer(response->version.value_or(0), *response->config);
}

void ConfigReceiver::Impl::ask_later(std::uint64_t mine, const std::string& reason) {
  const std::lock_guard lock(mutex);
  if (stopped || mine != round) return;
  const auto wait = pause_after(settings.ask_again, ++unanswered);
  log::write(unanswered == 1 ? log::Level::info : log::Level::warning,
             "no configuration for " + settings.id + " yet, asking again: " + reason);
  ask_timer = bus.post_at(deadline_after(wait), [self = shared_from_this(), mine] { self->ask(mine); });
}

// Applying

/// Keeps what is newer than everything seen. Both ways lead here: the push and the answer.
void ConfigReceiver::Impl::offer(std::int64_t version, Configuration values) {
  std::optional<std::uint64_t> ask, again;
  {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    ++round;  // what is known now is whole: nothing to ask for
    ask = std::exchange(ask_timer, std::nullopt);
    if (applied && version < *applied) {
      log::write(log::Level::warning,
                 "configuration version " + std::to_string(version) +
                     " is ignored: " + std::to_string(*applied) +
                     " is applied already (was the config store replaced? then restart)");
    }
    const bool fresh = (!applied || version > *applied) && (!latest || version > latest->version);
    if (fresh) {
      latest = Latest{version, std::make_shared<const Configuration>(std::move(values))};
      failures = 0;
      again = std::exchange(apply_timer, std::nullopt);
      apply_soon();
    }
  }
  if (ask) bus.cancel(*ask);
  if (again) bus.cancel(*again);
}

/// Call with the mutex held.
void ConfigReceiver::Impl::apply_soon() {
  if (std::exchange(applying, true)) return;
  bus.post([self = shared_from_this()] { self->apply(); });
}

void ConfigReceiver::Impl::apply() {
  for (;;) {
    Latest mine;
    {
      const std::lock_guard lock(mutex);
      if (stopped || !latest || apply_timer) {
        applying = false;
        changed.notify_all();
        return;
      }
      mine = *latest;
    }
    applied_or_not(mine, hand_out(mine));
  }
}

/// Runs the handlers; false when one threw.
bool ConfigReceiver::Impl::hand_out(const Latest& mine) noexcept {
  const auto* before = std::exchange(applying_of, this);
  bool good = false;
  try {
    for (const auto& handler : handlers) handler(*mine.values, mine.version);
    good = true;
  } catch (...) {
    log::write(log::Level::error, "configuration version " + std::to_string(mine.version) + " for " +
                                      settings.id +
                                      " is tried again: " + to_error(std::current_exception()).what());
  }
  applying_of = before;
  return good;
}

void ConfigReceiver::Impl::applied_or_not(const Latest& mine, bool good) {
  const std::lock_guard lock(mutex);
  const bool newest = latest && latest->version == mine.version;
  if (good) {
    applied = mine.version;
    failures = 0;
    if (newest) latest.reset();
  } else if (newest && !stopped) {
    const auto wait = pause_after(settings.apply_again, ++failures);
    apply_timer = bus.post_at(deadline_after(wait), [self = shared_from_this()] {
      const std::lock_guard inner(self->mutex);
      self->apply_timer.reset();
      if (self->latest) self->apply_soon();
    });
  }
}

void ConfigReceiver::Impl::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  std::optional<std::uint64_t> ask, again;
  {
    const std::lock_guard lock(mutex);
    stopped = true;
    ask = std::exchange(ask_timer, std::nullopt);
    again = std::exchange(apply_timer, std::nullopt);
  }
  if (ask) bus.cancel(*ask);
  if (again) bus.cancel(*again);
  const auto left = [deadline] { return std::max<Duration>(deadline - Clock::now(), Duration::zero()); };
  if (pushes) pushes->stop(left());
  client.stop(Duration::zero());
  std::unique_lock lock(mutex);
  if (applying_of != this) changed.wait_until(lock, deadline, [this] { return !applying; });
}

// The face

ConfigReceiver::ConfigReceiver(Bus bus, std::string id, QueueName push)
    : ConfigReceiver(std::move(bus), {.id = std::move(id), .push = std::move(push)}) {}
ConfigReceiver::ConfigReceiver(Bus bus, ConfigReceiverSettings settings)
    : impl_(std::make_shared<Impl>(std::move(bus), std::move(settings))) {}
ConfigReceiver::~ConfigReceiver() { stop(); }
void ConfigReceiver::on_config(Handler handler) { impl_->handlers.push_back(std::move(handler)); }
void ConfigReceiver::start() { impl_->start(); }
void ConfigReceiver::stop(Duration timeout) noexcept { impl_->stop(timeout); }

std::optional<std::int64_t> ConfigReceiver::version() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->applied;
}

}  // namespace omnibus::framework
