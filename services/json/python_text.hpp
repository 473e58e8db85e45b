#pragma once

/// JSON values as text in the two forms that existing TrustGraph programs store in the configuration.
/// Threads: pure functions.

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace omnibus::json {

/// Parses text of unknown shape; keeps the order of keys. Errors: ConfigError, "`what`: <reason> at offset
/// n".
boost::json::value parse(std::string_view text, std::string_view what);

/// JSON as Python's standard writer prints it: `{"a": [1, 0.5], "b": null}`, ASCII only, keys in their order.
/// Source: trustgraph wire format, "Encoding rules (writer)".
std::string dump(const boost::json::value& value);

/// What Python's `str()` makes of the value: text as it is, `True`, `None`, `0.3`, `['a', 1]`.
std::string python_text(const boost::json::value& value);

/// What Python's `repr()` makes of it: the same, text in quotes.
std::string python_repr(const boost::json::value& value);

/// A double as Python's `repr` prints it: shortest round trip, `1.0`, `1e-07`, `1e+16`, `nan`, `inf`.
std::string python_number(double value);

}  // namespace omnibus::json
