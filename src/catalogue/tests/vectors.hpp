#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <omnibus/catalogue/registry.hpp>

namespace omnibus::catalogue::test {

using Json = nlohmann::json;

/// The lines of one recorded file.
std::vector<Json> load(const std::string& file);

/// A value of a type known by name only.
class Value {
 public:
  explicit Value(const schema::Type& type) : type_(type), value_(type.create()) {}
  ~Value() { type_.destroy(value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  void decode(std::string_view json) { type_.decode_json(json, {}, value_); }
  std::string encode(Nulls nulls) const {
    std::string text;
    type_.encode_json(value_, {.nulls = nulls}, text);
    return text;
  }

 private:
  const schema::Type& type_;
  void* value_;
};

/// Parses, with NaN and the infinities as the texts "nan", "inf", "-inf".
Json parse(std::string text);

/// A recorded object as JSON: {"$bytes": base64} becomes text, {"$float": "nan"} the text "nan".
Json plain(const Json& recorded);

/// What the catalogue makes of null and absent fields: null in a field that is not optional becomes its
/// default, and with `omit` an empty optional is absent, else it is null. `changed` tells whether a null
/// became a default.
Json normalise(const Json& value, const schema::Type& type, Nulls nulls, bool& changed);

}  // namespace omnibus::catalogue::test
