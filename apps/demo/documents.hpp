#pragma once

#include <memory>
#include <string>
#include <vector>

namespace omnibus::demo {

struct Document {
  std::string id;
  std::shared_ptr<const std::string> text;
};

/// The files, and the files in the folders, in order of their names; each file once, links followed. What is
/// not UTF-8 text is named on standard error and left out. `rounds` copies of each, with ids of their own.
/// Errors: ConfigError for a path that cannot be read, or when nothing is left.
std::vector<Document> read_documents(const std::vector<std::string>& paths, std::size_t rounds);

}  // namespace omnibus::demo
