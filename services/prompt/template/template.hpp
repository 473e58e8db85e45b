#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "services/prompt/template/nodes.hpp"

namespace omnibus::prompt {

/// A prompt's template: `{{ name.key|filter }}`, `{% for %}`, `{% if %}`, `{% with %}` and their kin.
/// Threads: immutable, share freely.
/// Source: the Python package ibis 3.3.
class Template {
 public:
  /// Errors: ConfigError naming line and reason.
  explicit Template(std::string_view text);

  /// Unknown names print nothing. Errors: ConfigError, when a filter, function or comparison does not take
  /// its value.
  std::string render(const boost::json::object& terms) const;

 private:
  std::shared_ptr<const Nodes> nodes_;
};

}  // namespace omnibus::prompt
