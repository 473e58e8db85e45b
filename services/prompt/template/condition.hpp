#pragma once

#include <string_view>
#include <vector>

#include "services/prompt/template/expression.hpp"

namespace omnibus::prompt {

/// What stands in `if`: comparisons and values joined by `and` and `or`, each with `not` in front if need be.
/// Threads: immutable.
class Condition {
 public:
  /// Errors: ConfigError saying what is wrong with the text.
  explicit Condition(std::string_view text);

  /// Errors: ConfigError when two values cannot be compared.
  bool holds(const Scope& scope) const;

 private:
  using Compare = bool (*)(const Value& left, const Value& right);
  struct Test {
    bool negated = false;
    std::vector<Expression> sides;  // one: whether it is true
    Compare compare = nullptr;
  };
  struct Operator {
    std::string_view sign;
    Compare compare;
  };
  static Test parse(std::string_view text);
  static bool holds(const Test& test, const Scope& scope);

  std::vector<std::vector<Test>> any_;  // one group whose tests all hold
};

}  // namespace omnibus::prompt
