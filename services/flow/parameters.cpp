#include "services/flow/parameters.hpp"

#include <algorithm>

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::flow {
namespace {

namespace bj = boost::json;

const std::string* find(const Parameters& parameters, std::string_view name) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& parameter) { return parameter.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

void replace_all(std::string& text, std::string_view placeholder, std::string_view value) {
  for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos; at += value.size()) {
    text.replace(at, placeholder.size(), value);
  }
}

/// Booleans as JSON writes them, everything else as Python's `str`.
std::string default_text(const bj::value& value) {
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  return json::python_text(value);
}

bool is_true(const bj::value* value) { return value != nullptr && value->is_bool() && value->get_bool(); }

/// What the parameter's type says when the user gave nothing; empty when it stays unresolved.
std::optional<std::string> from_type(const std::string& name, const bj::object& definition,
                                     const TypeLookup& lookup) {
  const auto* type = definition.if_contains("type");
  if (type == nullptr || !type->is_string()) return std::nullopt;
  const auto text = lookup(type->get_string());
  if (!text) return std::nullopt;
  const auto what = "parameter-type '" + std::string(type->get_string()) + "'";
  const auto parsed = json::parse(*text, what);
  if (!parsed.is_object()) throw ConfigError(what + " is not a JSON object");
  if (const auto* otherwise = parsed.get_object().if_contains("default")) return default_text(*otherwise);
  if (is_true(parsed.get_object().if_contains("required"))) {
    throw ConfigError("Required parameter '" + name + "' not provided and has no default");
  }
  return std::nullopt;
}

const bj::object& definition_of(const bj::object::value_type& parameter) {
  if (!parameter.value().is_object()) {
    throw ConfigError("parameter '" + std::string(parameter.key()) +
                      "' of the blueprint is not a JSON object");
  }
  return parameter.value().get_object();
}

/// Those still unresolved take the value of the parameter that controls them.
void inherit(const bj::object& definitions, Parameters& resolved) {
  for (const auto& parameter : definitions) {
    const auto* controller = definition_of(parameter).if_contains("controlled-by");
    if (controller == nullptr || !controller->is_string() || find(resolved, parameter.key()) != nullptr)
      continue;
    if (const auto* value = find(resolved, controller->get_string())) {
      resolved.emplace_back(parameter.key(), std::string(*value));
    }
  }
}

}  // namespace

Parameters resolve_parameters(const bj::object& blueprint, const TypeLookup& type, const bj::object& given) {
  Parameters resolved;
  if (const auto* section = blueprint.if_contains("parameters")) {
    if (!section->is_object())
      throw ConfigError("section 'parameters' of the blueprint is not a JSON object");
    for (const auto& parameter : section->get_object()) {
      const std::string name(parameter.key());
      const auto& definition = definition_of(parameter);
      if (const auto* value = given.if_contains(name)) {
        resolved.emplace_back(name, json::python_text(*value));
      } else if (auto text = from_type(name, definition, type)) {
        resolved.emplace_back(name, *std::move(text));
      }
    }
    inherit(section->get_object(), resolved);
  }
  for (const auto& [name, value] : given) {
    if (find(resolved, name) == nullptr) resolved.emplace_back(name, json::python_text(value));
  }
  return resolved;
}

std::string substitute(std::string_view text, std::string_view blueprint, std::string_view id,
                       const Parameters& parameters) {
  std::string out(text);
  replace_all(out, "{blueprint}", blueprint);
  replace_all(out, "{id}", id);
  for (const auto& [name, value] : parameters) replace_all(out, "{" + name + "}", value);
  return out;
}

}  // namespace omnibus::flow
