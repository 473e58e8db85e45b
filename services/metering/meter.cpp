#include "services/metering/meter.hpp"

#include <utility>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

namespace omnibus::metering {
namespace {

constexpr const char* unknown = "unknown";
constexpr const char* other = "other";
/// Longer names are not those of models.
constexpr std::size_t longest_name = 128;

}  // namespace

Meter::Meter(Metrics metrics, std::size_t most_models)
    : metrics_(std::move(metrics)), most_models_(most_models) {}

void Meter::use(Prices prices) {
  const std::scoped_lock lock(mutex_);
  prices_ = std::move(prices);
}

void Meter::count(const catalogue::TextCompletionResponse& answer) {
  const std::scoped_lock lock(mutex_);
  if (!prices_) throw TooManyRequests("no prices yet");
  const auto model = answer.model.value_or(unknown);
  const auto price = prices_->find(model);
  const auto label = label_of(model, price.has_value());
  count(label, "input", answer.in_token, price ? std::optional(price->input) : std::nullopt);
  count(label, "output", answer.out_token, price ? std::optional(price->output) : std::nullopt);
}

std::string Meter::trouble() const {
  const std::scoped_lock lock(mutex_);
  return prices_ ? prices_->problems() : std::string{};
}

std::string Meter::label_of(const std::string& model, bool priced) {
  if (priced || model == unknown || unpriced_.contains(model)) return model;
  if (model.size() > longest_name || unpriced_.size() >= most_models_) return other;
  unpriced_.insert(model);
  if (unpriced_.size() == most_models_) {
    log::write(log::Level::warning, std::to_string(most_models_) +
                                        " models without a price were seen; further ones are counted as '" +
                                        other + "'");
  }
  return model;
}

void Meter::count(const std::string& label, const char* direction, std::optional<std::int64_t> tokens,
                  std::optional<double> price) {
  const auto amount = static_cast<double>(tokens.value_or(0));
  const Labels labels{{"model", label}, {"direction", direction}};
  metrics_.counter("tokens", "Tokens that models read and wrote", labels).add(amount);
  if (price) metrics_.counter("cost", "What the tokens cost", labels).add(amount * *price);
}

}  // namespace omnibus::metering
