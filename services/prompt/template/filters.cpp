#include "services/prompt/template/filters.hpp"

#include <algorithm>
#include <array>

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"
#include "services/prompt/template/text_filters.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::array;
using boost::json::value;

const Value& argument(const Arguments& all, std::size_t number) {
  if (number >= all.size()) throw ConfigError("an argument is missing");
  return all[number];
}

std::vector<value> sequence(const Value& item) {
  auto out = elements(item);
  if (!out) throw ConfigError("this takes a list, an object or text");
  return std::move(*out);
}

/// The element at an index that may count from the end.
Value at(const Value& item, std::int64_t index) {
  auto all = sequence(item);
  const auto size = static_cast<std::int64_t>(all.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) throw ConfigError("index out of range");
  return std::move(all[static_cast<std::size_t>(index)]);
}

Value otherwise(const Value& item, const Arguments& args) { return truthy(item) ? item : argument(args, 0); }
Value if_undefined(const Value& item, const Arguments& args) { return item ? item : argument(args, 0); }
Value is_defined(const Value& item, const Arguments&) { return item.has_value(); }
Value first(const Value& item, const Arguments&) { return at(item, 0); }
Value last(const Value& item, const Arguments&) { return at(item, -1); }
Value index(const Value& item, const Arguments& args) { return at(item, integer_of(argument(args, 0))); }
Value length(const Value& item, const Arguments&) { return sequence(item).size(); }
Value text(const Value& item, const Arguments&) { return value(text_of(item)); }
Value repr(const Value& item, const Arguments&) {
  return value(item ? json::python_repr(*item) : "Undefined");
}

Value join(const Value& item, const Arguments& args) {
  const auto separator = args.empty() ? std::string{} : std::string(string_of(args[0]));
  std::string out;
  for (bool begun = false; const auto& element : sequence(item)) {
    if (begun) out += separator;
    out += json::python_text(element);
    begun = true;
  }
  return value(out);
}

Value backwards(const Value& item, const Arguments&) {
  auto all = sequence(item);
  return array(all.rbegin(), all.rend());
}

Value divisible(const Value& item, const Arguments& args) {
  const auto by = integer_of(argument(args, 0));
  if (by == 0) throw ConfigError("division by zero");
  return integer_of(item) % by == 0;
}
Value even(const Value& item, const Arguments&) { return integer_of(item) % 2 == 0; }
Value odd(const Value& item, const Arguments&) { return integer_of(item) % 2 != 0; }

/// Python's `[start:stop:step]` with a step above zero.
Value slice(const Value& item, const Arguments& args) {
  const auto all = sequence(item);
  const auto size = static_cast<std::int64_t>(all.size());
  const auto bound = [&](std::size_t number, std::int64_t none) {
    if (number >= args.size() || !args[number] || args[number]->is_null()) return none;
    const auto given = integer_of(args[number]);
    return std::clamp<std::int64_t>(given < 0 ? given + size : given, 0, size);
  };
  const auto begin = bound(0, 0), end = bound(1, size);
  const auto step = args.size() > 2 && args[2] && !args[2]->is_null() ? integer_of(args[2]) : 1;
  if (step < 1) throw ConfigError("a slice takes a step above zero");
  array out;
  for (auto i = begin; i < end; i += step) out.push_back(all[static_cast<std::size_t>(i)]);
  if (!item || !item->is_string()) return out;
  std::string joined;
  for (const auto& character : out) joined += std::string_view(character.get_string());
  return value(joined);
}

struct Named {
  std::string_view name;
  Filter filter;
};
constexpr std::array filters{
    Named{"default", otherwise},
    Named{"divisible_by", divisible},
    Named{"even", even},
    Named{"first", first},
    Named{"if_undefined", if_undefined},
    Named{"index", index},
    Named{"is_defined", is_defined},
    Named{"join", join},
    Named{"last", last},
    Named{"len", length},
    Named{"length", length},
    Named{"odd", odd},
    Named{"repr", repr},
    Named{"reversed", backwards},
    Named{"slice", slice},
    Named{"str", text},
    Named{"to_str", text},
};

Value range(const Arguments& args) {
  const auto begin = args.size() > 1 ? integer_of(args[0]) : 0;
  const auto end = integer_of(argument(args, args.size() > 1 ? 1 : 0));
  const auto step = args.size() > 2 ? integer_of(args[2]) : 1;
  constexpr std::int64_t most = 1'000'000;
  if (step == 0 || end - begin > most || begin - end > most)
    throw ConfigError("a range too long or without step");
  array out;
  for (auto i = begin; step > 0 ? i < end : i > end; i += step) out.emplace_back(i);
  return out;
}

Value call_on_object(const boost::json::object& object, std::string_view name, const Arguments& args) {
  if (name == "get") {
    if (const auto* found = object.if_contains(string_of(argument(args, 0)))) return *found;
    return args.size() > 1 ? args[1] : Value(nullptr);
  }
  array out;
  for (const auto& [key, item] : object) {
    if (name == "keys") out.emplace_back(key);
    if (name == "values") out.push_back(item);
    if (name == "items") out.push_back(array{key, item});
  }
  if (name != "keys" && name != "values" && name != "items")
    throw ConfigError("an object has no such method");
  return out;
}

}  // namespace

Filter find_filter(std::string_view name) {
  for (const auto& each : filters) {
    if (each.name == name) return each.filter;
  }
  return find_text_filter(name);
}

Value call_function(const Value& object, std::string_view name, const Arguments& arguments) {
  if (object && object->is_object()) return call_on_object(object->get_object(), name, arguments);
  if (object && object->is_string()) return call_on_text(object->get_string(), name, arguments);
  if (!object && name == "range") return range(arguments);
  throw ConfigError("there is no such function");
}

}  // namespace omnibus::prompt
