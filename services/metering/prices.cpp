#include "services/metering/prices.hpp"

#include <cmath>

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::metering {
namespace {

double price_of(const boost::json::value& entry, const char* name) {
  const auto* object = entry.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr) throw ConfigError(std::string("there is no '") + name + "'");
  boost::system::error_code not_a_number;
  const auto price = value->to_number<double>(not_a_number);
  if (not_a_number || !std::isfinite(price) || price < 0) {
    throw ConfigError(std::string("'") + name + "' is " + json::python_repr(*value),
                      "it takes a number, at least 0");
  }
  return price;
}

}  // namespace

Prices::Prices(const std::map<std::string, std::string>& entries) {
  for (const auto& [model, text] : entries) {
    try {
      const auto entry = json::parse(text, "it");
      prices_[model] = {.input = price_of(entry, "input_price"), .output = price_of(entry, "output_price")};
    } catch (const Error& error) {
      problems_ += (problems_.empty() ? "" : "; ") + ("price of model '" + model + "': ") + error.what();
    }
  }
}

std::optional<Price> Prices::find(std::string_view model) const {
  const auto found = prices_.find(model);
  return found == prices_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace omnibus::metering
