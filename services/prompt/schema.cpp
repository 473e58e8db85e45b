#include "services/prompt/schema.hpp"

#include <algorithm>

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"
#include "services/prompt/schema_checker.hpp"
#include "services/prompt/schema_words.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::object;
using boost::json::value;

constexpr int max_depth = 64;
constexpr std::size_t max_pattern_text = 4096;

/// Looks for the place that a refused answer is refused for.
class Search {
 public:
  explicit Search(const SchemaRoot& root) : root_(root) {}

  /// The first refusal: of the instance itself before those of its parts.
  std::optional<Refusal> find(const value& schema, const value& instance, const Refusal& place,
                              int depth = 0) const {
    if (!schema.is_object() || depth > max_depth) return std::nullopt;
    auto here = place;
    here.schema = &schema.get_object();
    here.instance = &instance;
    if (const auto* reference = here.schema->if_contains("$ref"))
      return follow(*reference, instance, here, depth);
    if (own(here)) return here;
    return part(here, depth);
  }

 private:
  bool own(Refusal& here) const {
    for (const auto& [keyword, rule] : *here.schema) {
      const std::string_view name = keyword;
      if (is_about_parts(name, rule) || keyword_accepts(root_, *here.schema, name, *here.instance)) continue;
      here.keyword = name;
      return true;
    }
    return false;
  }
  static bool is_about_parts(std::string_view name, const value& rule) {
    return name == "properties" || name == "allOf" ||
           ((name == "items" || name == "additionalProperties") && rule.is_object());
  }

  std::optional<Refusal> follow(const value& reference, const value& instance, const Refusal& here,
                                int depth) const {
    if (!reference.is_string()) return std::nullopt;
    return find(root_.target(reference), instance, here, depth + 1);
  }

  std::optional<Refusal> part(const Refusal& here, int depth) const {
    for (const auto& [keyword, rule] : *here.schema) {
      const std::string_view name = keyword;
      if (!is_about_parts(name, rule)) continue;
      std::optional<Refusal> found;
      if (name == "properties" && rule.is_object()) found = properties(rule.get_object(), here, depth);
      if (name == "additionalProperties") found = others(rule, here, depth);
      if (name == "items") found = items(rule, here, depth);
      if (name == "allOf" && rule.is_array()) found = all(rule.get_array(), here, depth);
      if (found) return found;
    }
    return std::nullopt;
  }
  std::optional<Refusal> properties(const object& rules, const Refusal& here, int depth) const {
    for (const auto& [name, rule] : rules) {
      const auto* instance =
          here.instance->is_object() ? here.instance->get_object().if_contains(name) : nullptr;
      if (instance == nullptr) continue;
      if (auto found = find(rule, *instance, here.at({"properties", name}, name), depth + 1)) return found;
    }
    return std::nullopt;
  }
  std::optional<Refusal> others(const value& rule, const Refusal& here, int depth) const {
    if (!here.instance->is_object()) return std::nullopt;
    for (const auto& name : extra_properties(here)) {
      const auto& instance = here.instance->get_object().at(name);
      if (auto found = find(rule, instance, here.at({"additionalProperties"}, value(name)), depth + 1))
        return found;
    }
    return std::nullopt;
  }
  std::optional<Refusal> items(const value& rule, const Refusal& here, int depth) const {
    if (!here.instance->is_array()) return std::nullopt;
    const SchemaChecker checker(root_, rule);
    const auto& all = here.instance->get_array();
    const auto* refused =
        std::find_if(all.begin(), all.end(), [&](const value& each) { return !checker.accepts(each); });
    if (refused == all.end()) return std::nullopt;
    return find(rule, *refused, here.at({"items"}, static_cast<std::int64_t>(refused - all.begin())),
                depth + 1);
  }
  std::optional<Refusal> all(const boost::json::array& rules, const Refusal& here, int depth) const {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (auto found =
              find(rules[i], *here.instance, here.at({"allOf", static_cast<std::int64_t>(i)}), depth + 1)) {
        return found;
      }
    }
    return std::nullopt;
  }

  const SchemaRoot& root_;
};

bool has_pattern(const value& schema) {
  if (const auto* list = schema.if_array()) return std::any_of(list->begin(), list->end(), has_pattern);
  if (!schema.is_object()) return false;
  return std::any_of(schema.get_object().begin(), schema.get_object().end(), [](const auto& member) {
    return member.key() == "pattern" || member.key() == "patternProperties" || has_pattern(member.value());
  });
}

bool has_long_text(const value& instance) {
  if (const auto* text = instance.if_string()) return text->size() > max_pattern_text;
  if (const auto* list = instance.if_array()) return std::any_of(list->begin(), list->end(), has_long_text);
  if (!instance.is_object()) return false;
  return std::any_of(instance.get_object().begin(), instance.get_object().end(), [](const auto& member) {
    return member.key().size() > max_pattern_text || has_long_text(member.value());
  });
}

}  // namespace

std::optional<std::string> schema_failure(const value& schema, const value& instance) {
  // The matcher of regular expressions needs stack in proportion to the text.
  if (has_pattern(schema) && has_long_text(instance))
    return "a text is too long to be matched with a pattern";
  if (!schema.is_object()) throw ConfigError("the schema is malformed: it is no object");
  const SchemaRoot root(schema);
  if (SchemaChecker(root, schema).accepts(instance)) return std::nullopt;
  const auto refusal = Search(root).find(schema, instance, {});
  if (refusal) return words(*refusal);
  return json::python_repr(instance) + " does not match the schema";
}

}  // namespace omnibus::prompt
