#pragma once

#include <memory>
#include <string_view>

#include <boost/json/object.hpp>

namespace omnibus::prompt {

/// A compiled JSON Schema. Threads: one.
class SchemaChecker {
 public:
  /// `schema` may refer to the definitions of `root`. Errors: ConfigError when it is malformed.
  SchemaChecker(const boost::json::value& root, const boost::json::value& schema);
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
bool keyword_accepts(const boost::json::value& root, const boost::json::object& schema,
                     std::string_view keyword, const boost::json::value& instance);

}  // namespace omnibus::prompt
