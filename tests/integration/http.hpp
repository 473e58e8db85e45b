#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace omnibus::integration {

/// Posts to http://127.0.0.1:`port``path` and returns the parsed body. Throws when nobody answers
/// within a minute.
boost::json::value post(const std::string& port, const std::string& path, const boost::json::value& body);

/// The body of a GET as text.
std::string get(const std::string& port, const std::string& path);

}  // namespace omnibus::integration
