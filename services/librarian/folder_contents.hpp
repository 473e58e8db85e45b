#pragma once

#include <filesystem>

#include "services/librarian/contents.hpp"

namespace omnibus::librarian {

/// A folder with a file each. Content is written and read in pieces. Errors: as File.
class FolderContents : public Contents {
 public:
  /// Makes the folder, for its owner only.
  explicit FolderContents(std::filesystem::path folder);

  std::string add(std::string_view base64_text) const override;
  std::string read(const std::string& id) const override;
  std::string read_base64(const std::string& id) const override;
  void remove(const std::string& id) const override;
  std::size_t sweep(const std::set<std::string>& known) const override;

 private:
  std::filesystem::path folder_;
};

}  // namespace omnibus::librarian
