#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace omnibus::librarian {

/// The content of documents: a folder with a file each, named by ids of its own. A file is whole or not
/// there. Errors: as File. Threads: any; sweep() alone.
class Contents {
 public:
  /// Makes the folder, for its owner only.
  explicit Contents(std::filesystem::path folder);

  /// Writes what base64 text holds, white space ignored, in pieces; durable when it returns the new id.
  /// Errors: Error{decode} when the text is something else; nothing is left then.
  std::string add(std::string_view base64_text) const;

  /// Errors: Error{not_found}.
  std::string read(const std::string& id) const;
  /// The same as base64 text, without holding both.
  std::string read_base64(const std::string& id) const;

  /// One that is not there is fine.
  void remove(const std::string& id) const;

  /// Removes every file that `known` does not name: what a crash left. Returns how many.
  std::size_t sweep(const std::set<std::string>& known) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace omnibus::librarian
