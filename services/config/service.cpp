#include "services/config/service.hpp"

#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/log.hpp>

#include "services/config/requests.hpp"

namespace omnibus::config {
namespace {

constexpr auto announce_again = std::chrono::seconds(5);

/// Pushes the configuration; what could not be pushed is tried again until a push succeeds.
/// Threads: any.
class Announcer : public std::enable_shared_from_this<Announcer> {
 public:
  Announcer(Bus bus, const std::string& id, const QueueName& queue, std::shared_ptr<Store> store)
      : bus_(bus), store_(std::move(store)), producer_(std::move(bus), id, "None", "config-push", queue) {}

  void announce(const Snapshot& snapshot) {
    try {
      producer_.send({.version = snapshot.version, .config = snapshot.values});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::closed) later();
      throw;
    }
  }

  CloseReport stop(Duration timeout) noexcept { return producer_.stop(timeout); }

 private:
  void later() {
    bus_.post_at(deadline_after(announce_again), [self = weak_from_this()] {
      if (const auto announcer = self.lock()) announcer->again();
    });
  }
  void again() noexcept {
    try {
      announce(store_->snapshot());
    } catch (const std::exception& error) {
      log::write(log::Level::error, std::string("cannot announce the configuration: ") + error.what());
    }
  }

  Bus bus_;
  const std::shared_ptr<Store> store_;
  framework::Producer<catalogue::ConfigPush> producer_;
};

}  // namespace

struct ConfigService::Impl : std::enable_shared_from_this<Impl> {
  Impl(const Bus& bus, const Settings& settings, const std::string& id)
      : store(std::make_shared<Store>(settings.text("config-store"))),
        announcer(std::make_shared<Announcer>(bus, id, QueueName::parse(settings.config_push_queue), store)),
        requests(*store, bus.features().max_message_size,
                 [this](const Snapshot& snapshot) { announcer->announce(snapshot); }),
        answers(bus, id, "None", "config-response", QueueName::parse(catalogue::config_response_queue)) {}

  /// Handlers keep this alive, should one outlast the time that a stop has.
  void listen(const Bus& bus, const std::string& id) {
    calls.emplace(bus,
                  framework::ConsumerSettings{.id = id,
                                              .name = "config-request",
                                              .queue = QueueName::parse(catalogue::config_request_queue),
                                              .subscription = id},
                  framework::Handler<ConfigCall>(
                      [weak = weak_from_this()](const auto& message, const framework::Context&) {
                        if (const auto self = weak.lock()) self->serve(message);
                      }));
  }

  void serve(const Message<ConfigCall>& message) {
    const auto* correlation = message.properties().find("id");
    if (correlation == nullptr) {
      throw ConfigError("a configuration request has no property 'id', so nobody can be answered");
    }
    const Properties properties{{"id", *correlation}};
    try {
      answers.send(requests.handle(message.value()), properties);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::too_large) throw;
      answers.send(error_answer(too_large, error.what()), properties);
    }
  }

  const std::shared_ptr<Store> store;
  const std::shared_ptr<Announcer> announcer;
  Requests requests;
  framework::Producer<catalogue::ConfigResponse> answers;
  std::optional<framework::Consumer<ConfigCall>> calls;
};

ConfigService::ConfigService(Bus bus, Settings settings)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      impl_(std::make_shared<Impl>(this->bus(), this->settings(), id())) {
  impl_->listen(this->bus(), id());
}

ConfigService::~ConfigService() { ConfigService::stop(); }

void ConfigService::start() {
  const auto current = impl_->store->snapshot();
  impl_->answers.connect();
  impl_->announcer->announce(current);
  impl_->calls->start();
  log::write(log::Level::info, "configuration at version " + std::to_string(current.version) + ", store " +
                                   settings().text("config-store"));
}

void ConfigService::stop() {
  impl_->calls->stop(time_left());
  impl_->answers.stop(time_left());
  impl_->announcer->stop(time_left());
  AsyncProcessor::stop();
}

std::string ConfigService::ready() const {
  return impl_->calls->running() ? std::string{} : "not subscribed to configuration requests";
}

Flags ConfigService::flags(Flags flags) {
  return flags.text("config-store", "file that keeps the configuration", state_directory() + "/config.sqlite",
                    "CONFIG_STORE");
}

}  // namespace omnibus::config
