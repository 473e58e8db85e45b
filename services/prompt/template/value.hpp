#pragma once

/// What expressions of a template work on, with the meaning that Python gives to it. Threads: pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace omnibus::prompt {

/// JSON; empty for a name that the template's terms do not have.
using Value = std::optional<boost::json::value>;

/// Whether `if` takes it for true: not empty, not null, not zero, not without elements.
bool truthy(const Value& value);

/// What printing it gives: text as it is, `True`, `None`, `['a', 1]`; nothing for an empty one.
std::string text_of(const Value& value);

/// Python's `==`: numbers by value, an empty one equals nothing.
bool equal(const Value& left, const Value& right);

/// Python's `<`. Errors: ConfigError when the two cannot be ordered.
bool less(const Value& left, const Value& right);

/// Python's `in`: part of a text, element of a list, key of an object. Errors: ConfigError for other values.
bool contains(const Value& whole, const Value& part);

/// What a loop over it sees: elements, keys, characters; nothing for what has none.
std::optional<std::vector<boost::json::value>> elements(const Value& value);

/// The text, its code points, and back. Errors: ConfigError when the value is no text.
const boost::json::string& string_of(const Value& value);
std::u32string code_points(std::string_view text);
std::string utf8(std::u32string_view text);

/// An integer; true counts as 1. Errors: ConfigError when the value is none.
std::int64_t integer_of(const Value& value);

std::string_view trimmed(std::string_view text);

}  // namespace omnibus::prompt
