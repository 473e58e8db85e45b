#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>

namespace omnibus::prompt {

/// The lines of tests/data/vectors/`file`, parsed.
inline std::vector<boost::json::object> lines_of(const std::string& file) {
  std::ifstream in(OMNIBUS_TEST_DATA "/vectors/" + file);
  std::vector<boost::json::object> out;
  for (std::string line; std::getline(in, line);) out.push_back(boost::json::parse(line).as_object());
  return out;
}

}  // namespace omnibus::prompt
