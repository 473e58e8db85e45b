#include "services/flow/service.hpp"

#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/log.hpp>

#include "services/flow/reaper.hpp"
#include "services/flow/requests.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::flow {
namespace {

/// The broker's own subscriptions.
class BusSubscriptions : public Subscriptions {
 public:
  explicit BusSubscriptions(Bus bus) : bus_(std::move(bus)) {}

  Backlog look(const Subscription& subscription) override {
    try {
      const auto statistics = bus_.statistics(QueueName::parse(subscription.queue));
      const auto found = statistics.subscriptions.find(subscription.name);
      if (found == statistics.subscriptions.end()) return {.exists = false};
      return {.exists = true, .messages = found->second.backlog};
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found) return {.exists = false};
      if (error.code() == ErrorCode::unsupported) return {};
      throw;
    }
  }
  void remove(const Subscription& subscription) override {
    bus_.remove_subscription(QueueName::parse(subscription.queue), subscription.name);
  }

 private:
  Bus bus_;
};

}  // namespace

struct FlowService::Impl : std::enable_shared_from_this<Impl> {
  Impl(const Bus& bus, const Settings& settings, const std::string& id)
      : ledger(settings.text("flow-ledger")),
        config(bus, id),
        subscriptions(bus),
        reaper(ledger, config, subscriptions, settings.duration("flow-grace"), exclusive),
        requests(config),
        answers(bus, id, "None", "flow-response", QueueName::parse(catalogue::flow_response_queue)) {}

  /// Handlers keep this alive, should one outlast the time that a stop has.
  void listen(const Bus& bus, const std::string& id) {
    calls.emplace(bus,
                  framework::ConsumerSettings{.id = id,
                                              .name = "flow-request",
                                              .queue = QueueName::parse(catalogue::flow_request_queue),
                                              .subscription = id},
                  framework::Handler<catalogue::FlowRequest>(
                      [weak = weak_from_this()](const auto& message, const framework::Context&) {
                        if (const auto self = weak.lock()) self->serve(message);
                      }));
  }

  void serve(const Message<catalogue::FlowRequest>& message) {
    const auto* correlation = message.properties().find("id");
    if (correlation == nullptr) {
      throw ConfigError("a flow request has no property 'id', so nobody can be answered");
    }
    const Properties properties{{"id", *correlation}};
    const std::scoped_lock lock(exclusive);
    try {
      answers.send(requests.handle(message.value()), properties);
    } catch (const Error& error) {
      if (!rpc::never_fits(error)) throw;
      answers.send(error_answer("flow-error", error.what()), properties);
    }
  }

  void observe(const framework::Configuration& values) {
    try {
      reaper.observe(values, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    } catch (const std::exception& error) {
      log::write(log::Level::error, std::string("cannot tell which flows are in use: ") + error.what());
    }
  }

  Ledger ledger;
  std::mutex exclusive;  // held while flows start and stop, and while subscriptions are removed
  config::Client config;
  BusSubscriptions subscriptions;
  Reaper reaper;
  Requests requests;
  framework::Producer<catalogue::FlowResponse> answers;
  std::optional<framework::Consumer<catalogue::FlowRequest>> calls;
};

FlowService::FlowService(Bus bus, Settings settings)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      impl_(std::make_shared<Impl>(this->bus(), this->settings(), id())) {
  impl_->listen(this->bus(), id());
  on_config([this](const framework::Configuration& values, std::int64_t) { impl_->observe(values); });
}

FlowService::~FlowService() { FlowService::stop(); }

void FlowService::start() {
  AsyncProcessor::start();
  impl_->config.start();
  impl_->answers.connect();
  impl_->calls->start();
  impl_->reaper.start();
  log::write(log::Level::info, "answering flow requests, ledger " + settings().text("flow-ledger"));
}

void FlowService::stop() {
  impl_->calls->stop(time_left());
  impl_->config.stop(time_left());  // before the reaper, so that a sweep that waits for an answer ends
  impl_->reaper.stop();
  impl_->answers.stop(time_left());
  AsyncProcessor::stop();
}

std::string FlowService::ready() const {
  if (!impl_->calls->running()) return "not subscribed to flow requests";
  return AsyncProcessor::ready();
}

Flags FlowService::flags(Flags flags) {
  return flags
      .duration("flow-grace", "how long the subscriptions of a stopped flow keep its messages", "1h",
                "FLOW_GRACE")
      .text("flow-ledger", "file that remembers stopped flows", state_directory() + "/flows.sqlite",
            "FLOW_LEDGER");
}

}  // namespace omnibus::flow
