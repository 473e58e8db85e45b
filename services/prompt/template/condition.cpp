#include "services/prompt/template/condition.hpp"

#include <algorithm>
#include <array>

#include "services/prompt/template/split.hpp"

namespace omnibus::prompt {
namespace {

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Whether `sign` stands at `at` between blanks.
bool stands(std::string_view text, std::size_t at, std::string_view sign) {
  const auto behind = at + sign.size();
  return at > 0 && blank(text[at - 1]) && text.substr(at, sign.size()) == sign && behind < text.size() &&
         blank(text[behind]);
}

}  // namespace

Condition::Condition(std::string_view text) {
  for (const auto& group : split_at(text, "or", "||")) {
    auto& all = any_.emplace_back();
    for (const auto& test : split_at(group, "and", "&&")) all.push_back(parse(test));
  }
}

Condition::Test Condition::parse(std::string_view text) {
  static constexpr std::array operators{
      Operator{"==", equal},
      Operator{"!=", [](const Value& a, const Value& b) { return !equal(a, b); }},
      Operator{"<", less},
      Operator{">", [](const Value& a, const Value& b) { return less(b, a); }},
      Operator{"<=", [](const Value& a, const Value& b) { return !less(b, a); }},
      Operator{">=", [](const Value& a, const Value& b) { return !less(a, b); }},
      Operator{"not in", [](const Value& a, const Value& b) { return !contains(b, a); }},
      Operator{"in", [](const Value& a, const Value& b) { return contains(b, a); }},
  };
  Test out;
  text = trimmed(text);
  if (text.starts_with("not") && text.size() > 3 && blank(text[3])) {
    out.negated = true;
    text = trimmed(text.substr(3));
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    const auto* found = std::find_if(operators.begin(), operators.end(),
                                     [&](const Operator& each) { return stands(text, at, each.sign); });
    if (found == operators.end()) continue;
    out.sides = {Expression(trimmed(text.substr(0, at))),
                 Expression(trimmed(text.substr(at + found->sign.size())))};
    out.compare = found->compare;
    return out;
  }
  out.sides.emplace_back(text);
  return out;
}

bool Condition::holds(const Test& test, const Scope& scope) {
  const auto left = test.sides[0].eval(scope);
  const bool result = test.compare == nullptr ? truthy(left) : test.compare(left, test.sides[1].eval(scope));
  return result != test.negated;
}

bool Condition::holds(const Scope& scope) const {
  return std::any_of(any_.begin(), any_.end(), [&](const std::vector<Test>& all) {
    return std::all_of(all.begin(), all.end(), [&](const Test& test) { return holds(test, scope); });
  });
}

}  // namespace omnibus::prompt
