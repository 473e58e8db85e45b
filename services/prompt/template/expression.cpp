#include "services/prompt/template/expression.hpp"

#include <algorithm>
#include <optional>

#include <omnibus/error.hpp>

#include "services/prompt/template/literal.hpp"
#include "services/prompt/template/split.hpp"

namespace omnibus::prompt {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  });
}

struct Call {
  std::string name;
  Arguments arguments;
};

/// `name(literal, …)`; nothing when the text is of another form.
std::optional<Call> parse_call(std::string_view text) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')') || !is_name(text.substr(0, open)))
    return std::nullopt;
  Call out{.name = std::string(text.substr(0, open)), .arguments = {}};
  for (const auto& argument : split_at(text.substr(open + 1, text.size() - open - 2), ',')) {
    if (argument.empty()) continue;
    out.arguments.push_back(parse_literal(argument));
    if (!out.arguments.back()) {
      throw ConfigError("Unparsable argument '" + argument + "'. Arguments must be valid Python literals.");
    }
  }
  return out;
}

}  // namespace

Expression::Expression(std::string_view text) {
  const auto pieces = split_at(text, '|');
  parse_primary(pieces[0]);
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    auto call = parse_call(pieces[i]).value_or(Call{.name = pieces[i], .arguments = {}});
    const auto filter = find_filter(call.name);
    if (filter == nullptr) throw ConfigError("Unrecognised filter name '" + call.name + "'.");
    steps_.push_back({std::move(call.name), filter, std::move(call.arguments)});
  }
}

void Expression::parse_primary(std::string_view text) {
  literal_ = parse_literal(text);
  if (literal_) return;
  if (auto call = parse_call(text)) {
    name_ = std::move(call->name);
    arguments_ = std::move(call->arguments);
    call_ = true;
  } else if (is_name(text)) {
    name_ = text;
  } else {
    throw ConfigError("Unparsable expression '" + std::string(text) + "'.");
  }
}

Value Expression::primary(const Scope& scope) const {
  if (literal_) return literal_;
  if (!call_) return scope.resolve(name_);
  if (name_ == "is_defined") return arguments_.size() == 1 && scope.has(string_of(arguments_[0]));
  const auto dot = name_.rfind('.');
  try {
    if (dot == std::string::npos) return call_function({}, name_, arguments_);
    return call_function(scope.resolve(name_.substr(0, dot)), name_.substr(dot + 1), arguments_);
  } catch (const Error& error) {
    throw ConfigError("Error calling function '" + name_ + "': " + error.message() + ".");
  }
}

Value Expression::eval(const Scope& scope) const {
  auto out = primary(scope);
  for (const auto& step : steps_) {
    try {
      out = step.filter(out, step.arguments);
    } catch (const Error& error) {
      throw ConfigError("Error applying filter '" + step.name + "': " + error.message() + ".");
    }
  }
  return out;
}

}  // namespace omnibus::prompt
