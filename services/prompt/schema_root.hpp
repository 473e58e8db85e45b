#pragma once

#include <boost/json/value.hpp>

namespace omnibus::prompt {

/// A JSON Schema whose parts may refer to each other. Threads: immutable.
class SchemaRoot {
 public:
  /// `schema` outlives it. Errors: ConfigError when a `$ref` leads outside, or back to where it stands
  /// without going down in the answer: such a check would never end.
  explicit SchemaRoot(const boost::json::value& schema);

  const boost::json::value& schema() const noexcept { return schema_; }
  /// What the text of a `$ref` means. Errors: ConfigError when it is not `#` or `#/…`, or there is nothing.
  const boost::json::value& target(const boost::json::value& reference) const;
  /// A document that means what `part` means in this schema, for a check of its own.
  boost::json::value alone(const boost::json::value& part) const;

 private:
  const boost::json::value& schema_;
  boost::json::value moved_;  // the schema with its references as alone() has them
};

}  // namespace omnibus::prompt
