#pragma once

/// The directory of a store: what may hold one, its format file, its blobs and its checkpoint.
/// Threads: any; who may call when is said per function.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/embedded/log/log.hpp"
#include "backends/embedded/log/mapping.hpp"

namespace omnibus::embedded {

using Report = std::function<void(const std::string&)>;

class StoreFolder {
 public:
  /// Makes the directory when it is missing, with the permissions of `like` or 0700, and refuses one that
  /// cannot hold a store. Errors: config (not a directory, a network file system), forbidden, io.
  static StoreFolder prepare(const std::filesystem::path& directory, const std::filesystem::path& like = {});

  /// Errors: not_found when the directory holds no store; forbidden.
  static void require(const std::filesystem::path& directory);

  /// The id that the format file tells; empty when the file is missing or damaged. Errors: unsupported (newer
  /// format), config (the other kind).
  static std::optional<std::string> known_id(const std::filesystem::path& directory, bool volatile_log);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path log_path() const { return path_ / "log"; }
  std::filesystem::path blob_path() const { return path_ / "blobs"; }
  std::filesystem::path control_path() const { return path_ / "control"; }
  std::filesystem::path lock_path() const { return path_ / "lock"; }
  /// Files get the directory's permissions, without the right to execute.
  mode_t file_mode() const noexcept { return file_mode_; }
  mode_t folder_mode() const noexcept { return folder_mode_; }

  /// Reads the store's id from the format file, makes one for an empty directory, and makes a damaged one
  /// anew from the segments. Under the open lock. Errors: unsupported (newer format, the other kind),
  /// corrupt.
  std::string load_or_create_id(bool volatile_log, const Report& report) const;

 private:
  StoreFolder(std::filesystem::path path, mode_t mode)
      : path_(std::move(path)), file_mode_(mode & 0666), folder_mode_(mode & 07777) {}
  void write_format(const std::string& id, bool volatile_log) const;
  std::string recover_id(bool volatile_log, const Report& report) const;

  std::filesystem::path path_;
  mode_t file_mode_, folder_mode_;
};

/// Bodies in files of their own.
class BlobFolder {
 public:
  /// `limit`: for a volatile store, the bytes beyond which the oldest go; 0 for no limit.
  BlobFolder(std::filesystem::path path, mode_t file_mode, bool synced, std::uint64_t limit)
      : path_(std::move(path)), file_mode_(file_mode), synced_(synced), limit_(limit) {}

  Blob write(std::string_view bytes) const;
  std::shared_ptr<const Mapping> open(const Blob& blob) const;
  void remove(BlobId id) const noexcept;
  std::vector<BlobFile> list() const;

 private:
  std::filesystem::path path_of(BlobId id) const;
  void make_room(std::uint64_t bytes) const;

  std::filesystem::path path_;
  mode_t file_mode_;
  bool synced_;
  std::uint64_t limit_;
};

/// The checkpoint files, newest first.
inline constexpr const char* checkpoint_names[] = {"checkpoint", "checkpoint.previous"};
/// What such a file holds; empty when it is damaged.
std::optional<Checkpoint> decode_checkpoint(std::string bytes);

/// The checkpoint file and the one before it.
class CheckpointFile {
 public:
  CheckpointFile(std::filesystem::path folder, mode_t mode) : folder_(std::move(folder)), mode_(mode) {}

  /// The newest valid one; damage is reported.
  std::optional<Checkpoint> load(const Report& report) const;
  /// Those that are valid, newest first.
  std::vector<Checkpoint> all() const;
  /// The sequence of the newest one, 0 when there is none.
  std::uint64_t newest_sequence() const;
  /// Under the checkpoint lock. Keeps the one before as a fallback.
  void store(std::uint64_t sequence, std::string_view bytes) const;

 private:
  std::filesystem::path folder_;
  mode_t mode_;
};

}  // namespace omnibus::embedded
