#include "services/prompt/schema_root.hpp"

#include <set>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::prompt {
namespace {

using boost::json::value;

/// Where alone() puts the whole schema.
constexpr std::string_view place = "#/definitions/root";

const value* reference_in(const value& schema) {
  const auto* found = schema.is_object() ? schema.get_object().if_contains("$ref") : nullptr;
  return found != nullptr && found->is_string() ? found : nullptr;
}

value moved(const value& schema) {
  value out = schema;
  if (auto* list = out.if_array()) {
    for (auto& each : *list) each = moved(each);
  } else if (auto* object = out.if_object()) {
    for (auto& member : *object) member.value() = moved(member.value());
    if (auto* reference = object->if_contains("$ref"); reference != nullptr && reference->is_string()) {
      const std::string_view text = reference->get_string();
      *reference = std::string(place).append(text.substr(1));
    }
  }
  return out;
}

/// Looks for references that go round at one place of the answer.
class Circles {
 public:
  explicit Circles(const SchemaRoot& root) : root_(root) {}

  void everywhere(const value& schema) {
    at(schema);
    if (const auto* list = schema.if_array()) {
      for (const auto& each : *list) everywhere(each);
    } else if (const auto* object = schema.if_object()) {
      for (const auto& member : *object) everywhere(member.value());
    }
  }

 private:
  void at(const value& schema) {
    if (!schema.is_object() || done_.contains(&schema)) return;
    if (!open_.insert(&schema).second) throw ConfigError("the schema is malformed: a reference goes round");
    if (const auto* reference = reference_in(schema)) at(root_.target(*reference));
    for (const std::string_view word :
         {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies"}) {
      if (const auto* found = schema.get_object().if_contains(word)) here(*found);
    }
    open_.erase(&schema);
    done_.insert(&schema);
  }
  /// A schema, or a list or object of them.
  void here(const value& schemas) {
    at(schemas);
    if (const auto* list = schemas.if_array()) {
      for (const auto& each : *list) at(each);
    } else if (const auto* object = schemas.if_object()) {
      for (const auto& member : *object) at(member.value());
    }
  }

  const SchemaRoot& root_;
  std::set<const value*> open_, done_;
};

}  // namespace

SchemaRoot::SchemaRoot(const value& schema) : schema_(schema) {
  Circles(*this).everywhere(schema);
  moved_ = moved(schema);
}

const value& SchemaRoot::target(const value& reference) const {
  const std::string_view text = reference.as_string();
  const bool readable = text == "#" || (text.starts_with("#/") && text.find('%') == std::string_view::npos);
  boost::json::error_code none;
  const auto* found = readable ? schema_.find_pointer(text.substr(1), none) : nullptr;
  if (found == nullptr) {
    throw ConfigError("the schema is malformed: '" + std::string(text) + "' is nothing inside it");
  }
  return *found;
}

value SchemaRoot::alone(const value& part) const {
  auto out = moved(part);
  if (out.is_object()) out.get_object()["definitions"] = {{"root", moved_}};
  return out;
}

}  // namespace omnibus::prompt
