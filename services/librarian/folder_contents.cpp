#include "services/librarian/folder_contents.hpp"

#include <vector>

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>
#include <omnibus/framework/unique_id.hpp>

#include "services/librarian/file.hpp"

namespace omnibus::librarian {
namespace {

/// Whole groups of base64.
constexpr std::size_t piece_bytes = 48u << 10;

}  // namespace

FolderContents::FolderContents(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // a folder that is missing fails the first use, with the path in the message
  if (!std::filesystem::create_directories(folder_, ignored)) return;
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
  sync_folder(folder_.parent_path());
}

std::string FolderContents::add(std::string_view base64_text) const {
  auto id = framework::unique_id();
  const auto unfinished = folder_ / (id + ".new");
  try {
    const auto file = File::create(unfinished);
    decode_base64(base64_text, [&](std::string_view bytes) { file.write(bytes); });
    file.sync();
    std::filesystem::rename(unfinished, folder_ / id);
    sync_folder(folder_);
  } catch (...) {
    std::error_code ignored;  // the next start sweeps what stays
    std::filesystem::remove(unfinished, ignored);
    throw;
  }
  return id;
}

std::string FolderContents::read(const std::string& id) const {
  const auto file = File::open(folder_ / id);
  std::string out(file.size(), '\0');
  out.resize(file.read(out));
  return out;
}

std::string FolderContents::read_base64(const std::string& id) const {
  const auto file = File::open(folder_ / id);
  std::string out;
  out.reserve((file.size() + 2) / 3 * 4);
  std::vector<char> piece(piece_bytes);
  while (const auto got = file.read(piece)) out += base64::encode({piece.data(), got});
  return out;
}

void FolderContents::remove(const std::string& id) const {
  std::error_code failure;
  std::filesystem::remove(folder_ / id, failure);
  if (failure) {
    throw Error(ErrorCode::io, "cannot remove " + (folder_ / id).string() + ": " + failure.message());
  }
}

std::size_t FolderContents::sweep(const std::set<std::string>& known) const {
  std::vector<std::filesystem::path> strays;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (!known.contains(entry.path().filename().string())) strays.push_back(entry.path());
  }
  for (const auto& stray : strays) std::filesystem::remove(stray);
  return strays.size();
}

}  // namespace omnibus::librarian
