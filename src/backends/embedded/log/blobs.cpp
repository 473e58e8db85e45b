#include <algorithm>
#include <chrono>

#include <fcntl.h>

#include "backends/embedded/log/store_folder.hpp"

namespace omnibus::embedded {
namespace {

constexpr std::string_view blob_suffix = ".blob";

std::optional<BlobId> id_of(const std::string& name) {
  if (name.size() != 16 + blob_suffix.size() || !name.ends_with(blob_suffix)) return std::nullopt;
  return parse_hex16(std::string_view(name).substr(0, 16));
}

/// Rises with time, so that the oldest blobs sort first.
BlobId id_of_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<BlobId>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

std::filesystem::path BlobFolder::path_of(BlobId id) const {
  return path_ / (hex16(id) + std::string(blob_suffix));
}

Blob BlobFolder::write(std::string_view bytes) const {
  if (limit_ != 0) make_room(bytes.size());
  Blob blob{.id = id_of_now(), .length = bytes.size(), .crc = crc32c(bytes)};
  FileDescriptor file;
  while (!file) {
    const int descriptor =
        ::open(path_of(blob.id).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode_);
    if (descriptor < 0 && errno != EEXIST && errno != EINTR)
      throw system_error("make", path_of(blob.id), errno);
    if (descriptor >= 0)
      file = FileDescriptor(descriptor);
    else
      ++blob.id;
  }
  const auto path = path_of(blob.id);
  try {
    if (!bytes.empty()) allocate(file.get(), bytes.size(), path);
    write_all(file.get(), bytes, path);
    if (synced_) sync_data(file.get(), path);
    if (synced_) sync_directory(path_);
  } catch (...) {
    remove_quietly(path);
    throw;
  }
  return blob;
}

std::shared_ptr<const Mapping> BlobFolder::open(const Blob& blob) const {
  const auto path = path_of(blob.id);
  const auto file = open_file(path, O_RDONLY);
  auto mapped = MappedFile::map(file.get(), MappedFile::Access::read, path);
  const bool fits = mapped->size() == blob.length && crc32c(mapped->bytes()) == blob.crc;
  if (mapped->faulted())
    throw Error(ErrorCode::io, "cannot read " + path.string() + ": the disk failed", {.backend = "embedded"});
  if (!fits)
    throw Error(ErrorCode::corrupt, "cannot read " + path.string() + ": the body is damaged",
                {.backend = "embedded"});
  return mapped;
}

void BlobFolder::remove(BlobId id) const noexcept {
  try {
    remove_quietly(path_of(id));
  } catch (...) {
    // Out of memory for a path: the file stays until the next recovery removes it.
  }
}

std::vector<BlobFile> BlobFolder::list() const {
  std::vector<BlobFile> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    const auto id = id_of(at->path().filename().string());
    if (!id) continue;
    std::error_code gone;
    const auto size = at->file_size(gone);
    if (!gone) found.push_back({.id = *id, .length = size});
  }
  if (error) throw system_error("list", path_, error.value());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return found;
}

void BlobFolder::make_room(std::uint64_t bytes) const {
  const auto files = list();
  std::uint64_t total = bytes;
  for (const auto& file : files) total += file.length;
  for (const auto& file : files) {
    if (total <= limit_) return;
    remove(file.id);
    total -= file.length;
  }
}

}  // namespace omnibus::embedded
