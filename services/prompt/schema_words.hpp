#pragma once

/// How a refused answer is told. Threads: pure functions.

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace omnibus::prompt {

/// A keyword that refuses a part of an answer, and where both are. Refers to the schema and the answer.
struct Refusal {
  std::string_view keyword = {};
  const boost::json::object* schema = nullptr;
  const boost::json::value* instance = nullptr;
  boost::json::array schema_path = {}, instance_path = {};

  /// The place that is this much further on in the schema, and at this key or index in the answer.
  Refusal at(const boost::json::array& in_schema, const boost::json::value& in_instance) const;
  Refusal at(const boost::json::array& in_schema) const;
};

/// The names of the instance that its schema does not name under `properties`.
std::vector<std::string> extra_properties(const Refusal& refusal);

/// `'s' is not of type 'integer'`, then where. Source: Python's jsonschema 4.
std::string words(const Refusal& refusal);

}  // namespace omnibus::prompt
