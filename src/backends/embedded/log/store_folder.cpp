#include "backends/embedded/log/store_folder.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backends/embedded/log/segment.hpp"

namespace omnibus::embedded {
namespace {

struct RefusedFileSystem {
  std::uint32_t magic;
  std::string_view name;
};

// Shared mappings and locks there stop at the machine's border, or may.
constexpr std::array<RefusedFileSystem, 11> refused{{{NFS_SUPER_MAGIC, "NFS"},
                                                     {SMB_SUPER_MAGIC, "SMB"},
                                                     {0xFF534D42, "CIFS"},
                                                     {0xFE534D42, "SMB2"},
                                                     {AFS_SUPER_MAGIC, "AFS"},
                                                     {CODA_SUPER_MAGIC, "Coda"},
                                                     {0x00C36400, "Ceph"},
                                                     {V9FS_MAGIC, "9P"},
                                                     {0x65735546, "FUSE, maybe over a network"},
                                                     {0x0BD00BD0, "Lustre"},
                                                     {0x01161970, "GFS2"}}};

void refuse_network(const std::filesystem::path& directory) {
  struct statfs status {};
  if (::statfs(directory.c_str(), &status) != 0) throw system_error("examine", directory, errno);
  for (const auto& entry : refused) {
    if (static_cast<std::uint32_t>(status.f_type) != entry.magic) continue;
    throw Error(ErrorCode::config,
                "cannot open the store in " + directory.string() + ": it lies on a network file system (" +
                    std::string(entry.name) + ")",
                {.backend = "embedded", .hint = "put the store on a local file system"});
  }
}

constexpr std::string_view first_line = "omnibus store";

std::string format_text(const std::string& id, bool volatile_log) {
  std::string text = std::string(first_line) + "\nformat " + std::to_string(format_version) + "\nid " + id +
                     "\nkind " + (volatile_log ? "volatile" : "durable") + "\n";
  return text + "check " + hex16(crc32c(text)) + "\n";
}

struct Format {
  std::uint32_t version = 0;
  std::string id;
  bool volatile_log = false;
};

/// The value behind `key` in its line; empty when there is none.
std::string_view field(std::string_view text, std::string_view key) {
  std::string start(1, '\n');
  start.append(key).append(1, ' ');
  const auto at = text.find(start);
  if (at == std::string_view::npos) return {};
  const auto value = text.substr(at + start.size());
  return value.substr(0, value.find('\n'));
}

/// Nullopt when the text is damaged. A newer format keeps the first two lines and the last.
std::optional<Format> parse_format(std::string_view text) {
  const auto check_at = text.rfind("check ");
  if (!text.starts_with(first_line) || check_at == std::string_view::npos) return std::nullopt;
  if (field(text, "check") != hex16(crc32c(text.substr(0, check_at)))) return std::nullopt;
  Format format;
  const auto version = field(text, "format");
  std::from_chars(version.data(), version.data() + version.size(), format.version);
  format.id = field(text, "id");
  format.volatile_log = field(text, "kind") == "volatile";
  if (format.version == 0) return std::nullopt;
  if (format.version == format_version && format.id.size() != 32) return std::nullopt;
  return format;
}

void make_folder(const std::filesystem::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode & 0777) == 0)
    ::chmod(path.c_str(), mode);
  else if (errno != EEXIST)
    throw system_error("make", path, errno);
}

void make_store_folder(const std::filesystem::path& path, const std::filesystem::path& like) {
  struct stat model {};
  if (like.empty() || ::stat(like.c_str(), &model) != 0) return make_folder(path, 0700);
  make_folder(path, 0700);
  // First the group, then its rights. Where the group may not be given the rights are not given either.
  if (::chown(path.c_str(), static_cast<uid_t>(-1), model.st_gid) == 0)
    ::chmod(path.c_str(), model.st_mode & 07777);
}

/// Puts the names that lead to a new store on disk, as far as they lie on its file system: without them a
/// power cut would take the store away with all that it confirmed.
void sync_names_of(const std::filesystem::path& folder) {
  struct stat here {};
  const auto real = std::filesystem::canonical(folder);
  if (::stat(real.c_str(), &here) != 0) throw system_error("examine", real, errno);
  for (auto at = real; at != at.parent_path();) {
    at = at.parent_path();
    struct stat above {};
    if (::stat(at.c_str(), &above) != 0 || above.st_dev != here.st_dev) return;
    try {
      sync_directory(at);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::forbidden) throw;  // what we may not open, we have not changed
    }
  }
}

}  // namespace

StoreFolder StoreFolder::prepare(const std::filesystem::path& directory, const std::filesystem::path& like) {
  if (directory.empty())
    throw ConfigError("the embedded store needs a directory", "write embedded:///path/of/the/store");
  const auto path = std::filesystem::absolute(directory).lexically_normal();
  std::error_code error;
  const bool known = std::filesystem::exists(path, error);
  if (error) throw system_error("examine", path, error.value());
  if (!known) {
    if (!path.parent_path().empty()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw system_error("make", path.parent_path(), error.value());
    make_store_folder(path, like);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw system_error("examine", path, errno);
  if (!S_ISDIR(status.st_mode))
    throw ConfigError("cannot open the store in " + path.string() + ": it is not a directory",
                      "name a directory; a missing one is made");
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) throw system_error("open the store in", path, errno);
  refuse_network(path);
  StoreFolder folder(path, status.st_mode);
  make_folder(folder.log_path(), folder.folder_mode());
  make_folder(folder.blob_path(), folder.folder_mode());
  return folder;
}

void StoreFolder::require(const std::filesystem::path& directory) {
  std::error_code error;
  const bool there = std::filesystem::exists(directory / "format", error) ||
                     std::filesystem::exists(directory / "log", error);
  if (there) return;
  if (error && error != std::errc::not_a_directory) throw system_error("examine", directory, error.value());
  throw Error(ErrorCode::not_found, "there is no store in " + directory.string(),
              {.backend = "embedded", .hint = "check the path of the store"});
}

std::string StoreFolder::load_or_create_id(bool volatile_log, const Report& report) const {
  if (auto id = known_id(path_, volatile_log)) return *id;
  return recover_id(volatile_log, report);
}

std::optional<std::string> StoreFolder::known_id(const std::filesystem::path& directory, bool volatile_log) {
  const auto text = read_file(directory / "format");
  auto format = text ? parse_format(*text) : std::nullopt;
  if (!format) return std::nullopt;
  if (format->version > format_version)
    throw Error(ErrorCode::unsupported,
                "cannot open the store in " + directory.string() + ": its format is " +
                    std::to_string(format->version) + ", this program knows up to " +
                    std::to_string(format_version),
                {.backend = "embedded", .hint = "use the newer version of omnibus that wrote it"});
  if (format->volatile_log != volatile_log)
    throw ConfigError("cannot open the store in " + directory.string() + ": it is a " +
                          (format->volatile_log ? "volatile" : "durable") + " one",
                      "name another directory");
  return std::move(format->id);
}

std::string StoreFolder::recover_id(bool volatile_log, const Report& report) const {
  auto id = SegmentFolder::find_store_id(log_path());
  const bool there = std::filesystem::exists(path_ / "format");
  if (id.empty() && there)
    throw Error(ErrorCode::corrupt,
                "cannot open the store in " + path_.string() + ": its file `format` is damaged",
                {.backend = "embedded", .hint = "restore it from a copy, or remove an empty store"});
  if (!id.empty())
    report("store " + path_.string() + ": the file `format` was " + (there ? "damaged" : "missing") +
           " and was made anew from the segments");
  if (id.empty()) id = hex16(random_number()) + hex16(random_number());
  write_format(id, volatile_log);
  return id;
}

void StoreFolder::write_format(const std::string& id, bool volatile_log) const {
  // First, so that a store with a format file never lacks them.
  if (!volatile_log) sync_names_of(path_);
  replace_file(path_ / "format", path_ / "format.new", format_text(id, volatile_log), file_mode_,
               !volatile_log);
}

std::filesystem::path volatile_directory(const std::filesystem::path& store, std::string_view store_id) {
  const std::filesystem::path memory = "/dev/shm";
  if (::access(memory.c_str(), R_OK | W_OK | X_OK) != 0) return store / "q0";
  return memory / ("omnibus-" + std::string(store_id));
}

}  // namespace omnibus::embedded
