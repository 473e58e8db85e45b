#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/prompt/template/filters.hpp"
#include "services/prompt/template/scope.hpp"

namespace omnibus::prompt {

/// A literal, a dotted name or a call, and the filters behind it: `items.0.name|default('none')|upper`.
/// Threads: immutable.
class Expression {
 public:
  /// Errors: ConfigError saying what is wrong with the text.
  explicit Expression(std::string_view text);

  /// Errors: ConfigError when a filter or function does not take the value.
  Value eval(const Scope& scope) const;

 private:
  struct Step {
    std::string name;
    Filter filter;
    Arguments arguments;
  };
  void parse_primary(std::string_view text);
  Value primary(const Scope& scope) const;

  Value literal_;
  std::string name_;  // empty: a literal
  bool call_ = false;
  Arguments arguments_;
  std::vector<Step> steps_;
};

}  // namespace omnibus::prompt
