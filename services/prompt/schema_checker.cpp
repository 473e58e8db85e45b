#include "services/prompt/schema_checker.hpp"

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <omnibus/error.hpp>

namespace omnibus::prompt {
namespace {

using boost::json::object;
using boost::json::value;
using valijson::adapters::BoostJsonAdapter;

[[noreturn]] void malformed(const std::exception& failure) {
  throw ConfigError(std::string("the schema is malformed: ") + failure.what());
}

}  // namespace

struct SchemaChecker::Compiled {
  value document;
  valijson::Schema schema;
};

SchemaChecker::SchemaChecker(const SchemaRoot& root, const value& schema)
    : compiled_(std::make_unique<Compiled>()) {
  compiled_->document = root.alone(schema);
  try {
    const BoostJsonAdapter adapter(compiled_->document);
    valijson::SchemaParser().populateSchema(adapter, compiled_->schema);
  } catch (const std::exception& failure) {
    malformed(failure);
  }
}

SchemaChecker::~SchemaChecker() = default;

bool SchemaChecker::accepts(const value& instance) const {
  try {
    return valijson::Validator().validate(compiled_->schema, BoostJsonAdapter(instance), nullptr);
  } catch (const std::exception& failure) {
    malformed(failure);
  }
}

bool keyword_accepts(const SchemaRoot& root, const object& schema, std::string_view keyword,
                     const value& instance) {
  object alone{{keyword, schema.at(keyword)}};
  // These mean something only beside others.
  const auto add = [&](std::string_view companion) {
    if (const auto* found = schema.if_contains(companion)) alone.emplace(companion, *found);
  };
  if (keyword == "additionalProperties") {
    if (const auto* properties = schema.if_contains("properties");
        properties != nullptr && properties->is_object()) {
      object any;
      for (const auto& [name, unused] : properties->get_object()) any.emplace(name, object{});
      alone.emplace("properties", std::move(any));
    }
    add("patternProperties");
  }
  if (keyword == "if") add("then"), add("else");
  return SchemaChecker(root, alone).accepts(instance);
}

}  // namespace omnibus::prompt
