#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <omnibus/framework/processor.hpp>
#include <omnibus/log.hpp>

namespace omnibus::framework {

struct AsyncProcessor::Impl {
  Impl(Bus bus_in, Settings settings_in)
      : bus(std::move(bus_in)),
        settings(std::move(settings_in)),
        config(bus, settings.id, QueueName::parse(settings.config_push_queue)) {}

  Bus bus;
  const Settings settings;
  ConfigReceiver config;
  std::mutex mutex;  // guards what follows
  std::optional<TimePoint> stop_deadline;
};

AsyncProcessor::AsyncProcessor(Bus bus, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(bus), std::move(settings))) {
  Labels labels;
  for (const auto& [flag, values] : impl_->settings.values) {
    auto& text = labels[flag];
    for (const auto& value : values) text += (text.empty() ? "" : ",") + redacted(flag, value);
  }
  labels.erase("id");
  labels["processor"] = id();
  impl_->bus.metrics().info("processor", "Processor configuration", labels);
}

AsyncProcessor::~AsyncProcessor() = default;

const std::string& AsyncProcessor::id() const noexcept { return impl_->settings.id; }
Bus& AsyncProcessor::bus() noexcept { return impl_->bus; }
const Settings& AsyncProcessor::settings() const noexcept { return impl_->settings; }
ConfigReceiver& AsyncProcessor::config() noexcept { return impl_->config; }

void AsyncProcessor::on_config(ConfigReceiver::Handler handler) {
  impl_->config.on_config(std::move(handler));
}

void AsyncProcessor::start() { impl_->config.start(); }
void AsyncProcessor::stop() { impl_->config.stop(time_left()); }

void AsyncProcessor::run(std::stop_token stop_token) {
  try {
    start();
    std::mutex mutex;
    std::condition_variable_any asked;
    std::unique_lock lock(mutex);
    asked.wait(lock, std::move(stop_token), [] { return false; });
  } catch (...) {
    stop();
    throw;
  }
  stop();
}

std::string AsyncProcessor::ready() const {
  if (impl_->config.version()) return {};
  return id() + " has no configuration yet: the config service has not answered";
}

void AsyncProcessor::stop_by(TimePoint deadline) noexcept {
  const std::lock_guard lock(impl_->mutex);
  impl_->stop_deadline = deadline;
}

Duration AsyncProcessor::time_left() {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->stop_deadline) impl_->stop_deadline = deadline_after(impl_->settings.shutdown_timeout);
  return std::max<Duration>(*impl_->stop_deadline - Clock::now(), Duration::zero());
}

}  // namespace omnibus::framework
