#pragma once

#include <string>

#include <omnibus/schema/schema.hpp>

namespace omnibus::pulsar {

/// What Pulsar registers for a topic whose messages are JSON: the structure as an Avro record. Source:
/// Pulsar, "Schema: primitive and complex types"; Apache Avro 1.11 specification, "Schema Declaration".
///
/// Optional members are unions with null; members of plain kinds, lists and dicts have their default, so that
/// they may come and go under the broker's compatibility checks. Errors: ConfigError for what is no
/// structure, and for names that Avro does not allow.
std::string json_schema(const schema::Type& type);

}  // namespace omnibus::pulsar
