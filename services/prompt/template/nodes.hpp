#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/prompt/template/condition.hpp"
#include "services/prompt/template/expression.hpp"
#include "services/prompt/template/scope.hpp"

namespace omnibus::prompt {

/// What stands between the tag marks, and where.
struct Tag {
  enum class Kind : std::uint8_t { text, print, escaped_print, instruction };
  Kind kind = Kind::text;
  std::string text = {};
  int line = 1;

  /// The first word of an instruction, and what follows it.
  std::string_view keyword() const;
  std::string_view rest() const;
  /// Throws the ConfigError that names the place.
  [[noreturn]] void fail(const std::string& reason) const;
  [[noreturn]] void malformed() const;
};

/// One piece of a template. Threads: immutable.
class Node {
 public:
  virtual ~Node() = default;
  /// Adds its text. Errors: ConfigError naming the place.
  virtual void render(Scope& scope, std::string& out) const = 0;
};
using Nodes = std::vector<std::unique_ptr<Node>>;

/// Adds the text of all.
void render(const Nodes& nodes, Scope& scope, std::string& out);

/// Errors of all below: ConfigError naming the place, when the tag is malformed.

std::unique_ptr<Node> make_text(std::string text);
/// `{{ a or b }}`, `{{ test ?? a :: b }}`; with `$` the text is escaped.
std::unique_ptr<Node> make_print(const Tag& tag);
std::unique_ptr<Node> make_cycle(const Tag& tag);
std::unique_ptr<Node> make_for(const Tag& tag, Nodes each, Nodes none);
std::unique_ptr<Node> make_if(const Tag& tag, Nodes then, Nodes otherwise);
std::unique_ptr<Node> make_with(const Tag& tag, Nodes inside);
/// `trim`, `spaceless` and `block`.
std::unique_ptr<Node> make_block(const Tag& tag, Nodes inside);

}  // namespace omnibus::prompt
