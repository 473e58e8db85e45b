#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <omnibus/framework/config_receiver.hpp>

namespace omnibus::metering {

/// Per token, in the currency of whoever wrote them.
struct Price {
  double input = 0, output = 0;
};

/// What models cost. Threads: immutable, share freely.
class Prices {
 public:
  Prices() = default;
  /// The entries of configuration type `token-cost`: model → `{"input_price": number, "output_price":
  /// number}`. One that is malformed is left out and named by problems().
  explicit Prices(const std::map<std::string, std::string>& entries);

  /// Empty for a model without a price.
  std::optional<Price> find(std::string_view model) const;
  /// Empty, or what is wrong with which entries.
  const std::string& problems() const noexcept { return problems_; }

 private:
  std::map<std::string, Price, std::less<>> prices_;
  std::string problems_;
};

}  // namespace omnibus::metering
