#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "services/prompt/template/value.hpp"

namespace omnibus::prompt {

class Node;

/// The names that are visible at one place of one render: the terms, and above them what loops and `with`
/// add. Threads: one.
class Scope {
 public:
  /// `terms` outlives it.
  explicit Scope(const boost::json::object& terms) : terms_(terms) {}

  void push() { frames_.emplace_back(); }
  void pop() { frames_.pop_back(); }
  void set(std::string_view name, Value value) {
    frames_.back().insert_or_assign(std::string(name), std::move(value));
  }
  /// The innermost value of the name; empty when there is none.
  Value find(std::string_view name) const;
  /// `name.key.2`: each part a key or an index of the one before.
  Value resolve(std::string_view path) const;
  bool has(std::string_view path) const { return resolve(path).has_value(); }

  struct Cycle {
    std::vector<boost::json::value> items;
    std::size_t next = 0;
  };
  /// What each `cycle` of the template goes round, once it has begun.
  std::map<const Node*, Cycle>& cycles() { return cycles_; }

 private:
  using Frame = std::map<std::string, Value, std::less<>>;
  const boost::json::object& terms_;
  std::vector<Frame> frames_;
  std::map<const Node*, Cycle> cycles_;
};

}  // namespace omnibus::prompt
