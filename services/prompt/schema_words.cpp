#include "services/prompt/schema_words.hpp"

#include <algorithm>
#include <array>

#include "services/json/python_text.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::array;
using boost::json::value;
using json::python_repr;

constexpr std::size_t width = 72;

/// Python's pprint: on one line where it fits behind `indent` and before `allowance` more characters.
std::string pretty(const value& item, std::size_t indent, std::size_t allowance) {
  auto out = python_repr(item);
  const bool whole = !item.is_object() && !item.is_array();
  if (whole || indent + allowance + out.size() <= width) return out;
  out = item.is_array() ? "[" : "{";
  const auto separator = ",\n" + std::string(indent + 1, ' ');
  const auto add = [&](const std::string& key, const value& part, bool last) {
    out += key + pretty(part, indent + 1 + key.size(), last ? allowance + 1 : 1) + (last ? "" : separator);
  };
  if (const auto* list = item.if_array()) {
    for (const auto& part : *list) add("", part, &part == &list->back());
    return out + "]";
  }
  std::size_t left = item.get_object().size();
  for (const auto& [key, part] : item.get_object()) add(python_repr(value(key)) + ": ", part, --left == 0);
  return out + "}";
}

std::string indented(const value& item) {
  std::string out = "    ";
  for (const char c : pretty(item, 0, 0)) (out += c) += c == '\n' ? "    " : "";
  return out;
}

std::string place(std::string_view what, const array& path) {
  std::string out(what);
  for (const auto& step : path) out += "[" + python_repr(step) + "]";
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + python_repr(value(name));
  return out;
}

std::string missing(const Refusal& refusal, const value& names) {
  if (!names.is_array() || !refusal.instance->is_object()) return {};
  for (const auto& name : names.get_array()) {
    if (!refusal.instance->get_object().contains(name.get_string())) {
      return python_repr(name) + " is a required property";
    }
  }
  return {};
}

std::string unexpected(const Refusal& refusal) {
  const auto names = extra_properties(refusal);
  return "Additional properties are not allowed (" + listed(names) + (names.size() == 1 ? " was" : " were") +
         " unexpected)";
}

std::string types(const value& rule) {
  if (!rule.is_array()) return python_repr(rule);
  std::string out;
  for (const auto& type : rule.get_array()) out += (out.empty() ? "" : ", ") + python_repr(type);
  return out;
}

struct Phrase {
  std::string_view keyword, words;
  bool with_rule;
};
constexpr std::array phrases{
    Phrase{"enum", " is not one of ", true},
    Phrase{"minimum", " is less than the minimum of ", true},
    Phrase{"maximum", " is greater than the maximum of ", true},
    Phrase{"exclusiveMinimum", " is less than or equal to the minimum of ", true},
    Phrase{"exclusiveMaximum", " is greater than or equal to the maximum of ", true},
    Phrase{"multipleOf", " is not a multiple of ", true},
    Phrase{"pattern", " does not match ", true},
    Phrase{"not", " should not be valid under ", true},
    Phrase{"uniqueItems", " has non-unique elements", false},
    Phrase{"anyOf", " is not valid under any of the given schemas", false},
    Phrase{"minLength", " is too short", false},
    Phrase{"minItems", " is too short", false},
    Phrase{"minProperties", " does not have enough properties", false},
    Phrase{"maxLength", " is too long", false},
    Phrase{"maxItems", " is too long", false},
    Phrase{"maxProperties", " has too many properties", false},
};

std::string reason(const Refusal& refusal) {
  const auto& rule = refusal.schema->at(refusal.keyword);
  const auto instance = python_repr(*refusal.instance);
  if (refusal.keyword == "type") return instance + " is not of type " + types(rule);
  if (refusal.keyword == "required") return missing(refusal, rule);
  if (refusal.keyword == "additionalProperties") return unexpected(refusal);
  if (refusal.keyword == "const") return python_repr(rule) + " was expected";
  if (refusal.keyword.starts_with("min") && rule == 1 && refusal.keyword != "minimum") {
    return instance + " should be non-empty";
  }
  for (const auto& phrase : phrases) {
    if (phrase.keyword != refusal.keyword) continue;
    return instance + std::string(phrase.words) + (phrase.with_rule ? python_repr(rule) : "");
  }
  return instance + " does not satisfy '" + std::string(refusal.keyword) + "'";
}

}  // namespace

Refusal Refusal::at(const array& in_schema) const {
  auto out = *this;
  out.schema_path.insert(out.schema_path.end(), in_schema.begin(), in_schema.end());
  return out;
}

Refusal Refusal::at(const array& in_schema, const value& in_instance) const {
  auto out = at(in_schema);
  out.instance_path.push_back(in_instance);
  return out;
}

std::vector<std::string> extra_properties(const Refusal& refusal) {
  std::vector<std::string> out;
  const auto* properties = refusal.schema->if_contains("properties");
  for (const auto& [name, unused] : refusal.instance->get_object()) {
    const bool named =
        properties != nullptr && properties->is_object() && properties->get_object().contains(name);
    if (!named) out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string words(const Refusal& refusal) {
  return reason(refusal) + "\n\nFailed validating " + python_repr(value(refusal.keyword)) + " in " +
         place("schema", refusal.schema_path) + ":\n" + indented(*refusal.schema) + "\n\nOn " +
         place("instance", refusal.instance_path) + ":\n" + indented(*refusal.instance);
}

}  // namespace omnibus::prompt
