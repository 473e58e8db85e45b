#include "services/metering/service.hpp"

#include <omnibus/log.hpp>

#include "services/metering/meter.hpp"

namespace omnibus::metering {
namespace {

using catalogue::TextCompletionResponse;

constexpr std::int64_t most_series = 10000;

std::size_t models_of(const Settings& settings) {
  const auto value = settings.integer("metering-models");
  if (value < 0 || value > most_series) {
    throw ConfigError("--metering-models is " + std::to_string(value),
                      "give 0 to " + std::to_string(most_series));
  }
  return static_cast<std::size_t>(value);
}

Prices prices_of(const framework::Configuration& configuration, std::int64_t version) {
  const auto type = configuration.find("token-cost");
  Prices prices = type == configuration.end() ? Prices() : Prices(type->second);
  if (!prices.problems().empty()) {
    log::write(log::Level::error, "configuration version " + std::to_string(version) +
                                      ", models that are counted without cost: " + prices.problems());
  }
  return prices;
}

framework::ConsumerSettings input() {
  framework::ConsumerSettings settings;
  settings.name = "input";
  settings.rate_limit_retry = std::chrono::milliseconds(100);  // the prices come with the flow
  return settings;
}

}  // namespace

MeteringService::MeteringService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)),
      meter_(std::make_shared<Meter>(this->bus().metrics(), models_of(this->settings()))) {
  on_config([meter = meter_](const framework::Configuration& configuration, std::int64_t version) {
    meter->use(prices_of(configuration, version));
  });
  add<framework::ConsumerSpec<TextCompletionResponse>>(
      input(), framework::Handler<TextCompletionResponse>(
                   [meter = meter_](const Message<TextCompletionResponse>& answer,
                                    const framework::Context&) { meter->count(answer.value()); }));
}

MeteringService::~MeteringService() { MeteringService::stop(); }

std::string MeteringService::ready() const {
  auto reason = FlowProcessor::ready();
  return reason.empty() ? meter_->trouble() : reason;
}

Flags MeteringService::flags(Flags flags) {
  return FlowProcessor::flags(std::move(flags))
      .integer("metering-models", "most models without a price that have counters of their own", 100);
}

}  // namespace omnibus::metering
