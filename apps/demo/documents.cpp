#include "apps/demo/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include <boost/locale/utf.hpp>

#include <omnibus/error.hpp>

namespace omnibus::demo {
namespace {

namespace fs = std::filesystem;

bool is_utf8(const std::string& text) {
  using Utf = boost::locale::utf::utf_traits<char>;
  for (auto at = text.begin(); at != text.end();) {
    const auto code = Utf::decode(at, text.end());
    if (code == boost::locale::utf::illegal || code == boost::locale::utf::incomplete) return false;
  }
  return true;
}

void collect(const std::string& path, std::vector<fs::path>& out) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) {
    if (!fs::is_regular_file(path, failure)) {
      throw ConfigError("cannot read " + path + ": no such file or folder");
    }
    out.emplace_back(path);
    return;
  }
  std::vector<fs::path> inside;
  for (const auto& entry :
       fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file(failure)) inside.push_back(entry.path());
  }
  std::sort(inside.begin(), inside.end());
  out.insert(out.end(), inside.begin(), inside.end());
}

std::shared_ptr<const std::string> read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw ConfigError("cannot read " + file.string());
  return std::make_shared<const std::string>(std::istreambuf_iterator<char>(stream),
                                             std::istreambuf_iterator<char>());
}

}  // namespace

std::vector<Document> read_documents(const std::vector<std::string>& paths, std::size_t rounds) {
  std::vector<fs::path> files;
  for (const auto& path : paths) collect(path, files);

  std::vector<Document> once;
  std::set<fs::path> seen;
  for (const auto& file : files) {
    if (!seen.insert(fs::canonical(file)).second) continue;
    auto text = read(file);
    if (!is_utf8(*text)) {
      std::cerr << "left out " << file.string() << ": not UTF-8 text\n";
      continue;
    }
    once.push_back({file.string(), std::move(text)});
  }
  if (once.empty())
    throw ConfigError("there is no document to load", "name text files, or folders that hold some");

  std::vector<Document> out;
  for (std::size_t round = 1; round <= rounds; ++round) {
    for (const auto& document : once) {
      out.push_back({rounds == 1 ? document.id : document.id + "#" + std::to_string(round), document.text});
    }
  }
  return out;
}

}  // namespace omnibus::demo
