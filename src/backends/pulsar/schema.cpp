#include "backends/pulsar/schema.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <omnibus/error.hpp>

namespace omnibus::pulsar {
namespace {

using schema::Kind;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string quoted(std::string_view name) {
  const bool allowed =
      !name.empty() && is_letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
  if (allowed) return '"' + std::string(name) + '"';
  throw ConfigError("the name \"" + std::string(name) + "\" cannot stand in a registered schema",
                    "names there are letters, digits and underscores; or leave out schema=json");
}

/// Writes types; each named one in full where it comes first, by its name from then on.
class Writer {
 public:
  std::string type(const schema::Type& type) {
    switch (type.kind) {
      case Kind::string:
        return "\"string\"";
      case Kind::integer:
        return "\"long\"";
      case Kind::boolean:
        return "\"boolean\"";
      case Kind::number:
        return "\"double\"";
      case Kind::bytes:
      case Kind::raw:
        return "\"bytes\"";
      case Kind::list:
        return R"({"type":"array","items":)" + this->type(*type.element()) + "}";
      case Kind::dict:
        return R"({"type":"map","values":)" + this->type(*type.element()) + "}";
      case Kind::optional:
        return optional(*type.element());
      case Kind::enumeration:
        return enumeration(type);
      case Kind::structure:
        break;
    }
    return structure(type);
  }

 private:
  std::string optional(const schema::Type& inner) {
    if (inner.kind == Kind::optional) return type(inner);  // unions do not nest
    return "[\"null\"," + type(inner) + "]";
  }

  std::string enumeration(const schema::Type& type) {
    const auto [name, fresh] = name_of(type);
    if (!fresh) return name;
    std::string symbols;
    for (const auto symbol : type.enumerators) symbols += (symbols.empty() ? "" : ",") + quoted(symbol);
    return R"({"type":"enum","name":)" + name + R"(,"symbols":[)" + symbols + "]}";
  }

  std::string structure(const schema::Type& type) {
    const auto [name, fresh] = name_of(type);
    if (!fresh) return name;
    std::string fields;
    for (const auto& field : type.fields) {
      if (!fields.empty()) fields += ',';
      fields += R"({"name":)" + quoted(field.name) + R"(,"type":)" + this->type(*field.type()) +
                default_of(field) + "}";
    }
    return R"({"type":"record","name":)" + name + R"(,"fields":[)" + fields + "]}";
  }

  static std::string default_of(const schema::Field& field) {
    const std::string key = ",\"default\":";
    switch (field.type()->kind) {
      case Kind::optional:
        return key + "null";
      case Kind::list:
        return key + "[]";
      case Kind::dict:
        return key + "{}";
      case Kind::string:
      case Kind::integer:
      case Kind::boolean:
      case Kind::number:
        return key + field.default_json();
      default:
        return {};
    }
  }

  /// Quoted. Different types of one name, from different namespaces, are told apart by a number.
  std::pair<std::string, bool> name_of(const schema::Type& type) {
    const auto known = names_.find(&type);
    if (known != names_.end()) return {known->second, false};
    std::string name(type.name);
    for (char& c : name) {
      if (!is_letter(c) && !is_digit(c)) c = '_';
    }
    const std::string plain = name;
    for (int number = 2; !taken_.insert(name).second; ++number) name = plain + std::to_string(number);
    return {names_[&type] = quoted(name), true};
  }

  std::map<const schema::Type*, std::string> names_;
  std::set<std::string> taken_;
};

}  // namespace

std::string json_schema(const schema::Type& type) {
  if (type.kind != Kind::structure) {
    throw ConfigError("there is no schema to register for messages of type " + std::string(type.name),
                      "schema=json is for structures");
  }
  return Writer().type(type);
}

}  // namespace omnibus::pulsar
