#pragma once

#include <memory>
#include <string_view>

#include <boost/json/object.hpp>

#include "services/prompt/schema_root.hpp"

namespace omnibus::prompt {

/// A compiled JSON Schema. Threads: one.
class SchemaChecker {
 public:
  /// `schema` is `root` or a part of it. Errors: ConfigError when it is malformed.
  SchemaChecker(const SchemaRoot& root, const boost::json::value& schema);
  ~SchemaChecker();
  SchemaChecker(const SchemaChecker&) = delete;
  SchemaChecker& operator=(const SchemaChecker&) = delete;

  /// Errors: ConfigError when the check itself fails, as with a pattern that is no regular expression.
  bool accepts(const boost::json::value& instance) const;

 private:
  struct Compiled;
  const std::unique_ptr<Compiled> compiled_;
};

/// Whether one keyword of a schema, looked at alone, accepts the instance.
bool keyword_accepts(const SchemaRoot& root, const boost::json::object& schema, std::string_view keyword,
                     const boost::json::value& instance);

}  // namespace omnibus::prompt
