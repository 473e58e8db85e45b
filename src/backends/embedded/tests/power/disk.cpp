#include "backends/embedded/tests/power/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/embedded/log/frame.hpp"
#include "backends/embedded/tests/power/cut.hpp"

namespace omnibus::embedded::test {
namespace {

std::atomic<Disk*> watching_disk = nullptr;

std::filesystem::path path_of(int descriptor) {
  std::error_code gone;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), gone);
}

/// A segment that was only made ready holds nothing yet.
bool in_use(std::string_view segment) {
  const auto header = decode_segment_header(segment.substr(0, first_frame_offset));
  return header && header->first != 0;
}

}  // namespace

Damage& Damage::operator+=(const Damage& more) {
  changed += more.changed;
  old += more.old;
  mixed += more.mixed;
  sizes += more.sizes;
  not_made += more.not_made;
  not_gone += more.not_gone;
  not_moved += more.not_moved;
  return *this;
}

Disk::Disk(std::filesystem::path root, std::uint64_t seed) : root_(std::move(root)), random_(seed) {
  take_as_synced(root_);
  watching_disk = this;
}

Disk::~Disk() { watching_disk = nullptr; }
Disk* Disk::watching() noexcept { return watching_disk; }

bool Disk::holds(const std::filesystem::path& path) const {
  return path == root_ || path.native().starts_with(root_.native() + '/');
}

Disk::Node& Disk::node(const std::filesystem::path& path) {
  auto file = open_file(path, O_RDONLY);
  struct stat status {};
  ::fstat(file.get(), &status);
  auto& found = nodes_[status.st_ino];
  if (!found.file) found.file = std::move(file);
  found.is_directory = S_ISDIR(status.st_mode);
  return found;
}

void Disk::take_as_synced(const std::filesystem::path& path) {
  auto& known = node(path);
  if (!known.is_directory) {
    known.bytes = content_of(known.file.get());
    return;
  }
  known.names = list(known);
  for (const auto& [name, inode] : known.names) take_as_synced(path / name);
}

Disk::Names Disk::list(const Node& directory) {
  Names names;
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(directory.file.get());
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) != 0) continue;  // gone meanwhile
    try {
      if (!nodes_.contains(status.st_ino)) node(at->path());
    } catch (const Error&) {
      continue;
    }
    names[at->path().filename().string()] = status.st_ino;
  }
  return names;
}

std::optional<Disk::Sync> Disk::begin(int descriptor) {
  const auto path = path_of(descriptor);
  if (!holds(path)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  happened();
  struct stat status {};
  ::fstat(descriptor, &status);
  Sync sync{.inode = status.st_ino, .order = ++order_, .bytes = {}, .names = {}, .began = Clock::now()};
  auto& known = nodes_[status.st_ino];
  if (!known.file) known.file = open_file("/proc/self/fd/" + std::to_string(descriptor), O_RDONLY);
  known.is_directory = S_ISDIR(status.st_mode);
  if (known.is_directory) {
    sync.names = list(known);
  } else {
    sync.whole_log = path.extension() == ".seg" && others_synced(path.parent_path(), sync.inode);
    sync.bytes = content_of(known.file.get());
  }
  return sync;
}

/// Whether a sync of the segment `inode` now leaves nothing of the log unsynced.
bool Disk::others_synced(const std::filesystem::path& folder, std::uint64_t inode) {
  const auto& directory = node(folder);
  for (const auto& [name, other] : list(directory)) {
    if (!name.ends_with(".seg")) continue;
    const auto bytes = content_of(nodes_[other].file.get());
    if (!in_use(bytes)) continue;
    const auto synced = directory.names.find(name);
    if (synced == directory.names.end() || synced->second != other) return false;
    if (other != inode && nodes_[other].bytes != bytes) return false;
  }
  return true;
}

void Disk::complete(Sync sync) {
  const std::lock_guard lock(mutex_);
  happened();
  auto& known = nodes_[sync.inode];
  if (known.order > sync.order) return;  // one that began later is through already
  known.order = sync.order;
  known.bytes = std::move(sync.bytes);
  known.names = std::move(sync.names);
  if (sync.whole_log && !is_cut_) last_sync_began_ = std::max(last_sync_began_, sync.began);
}

void Disk::event(const std::filesystem::path& path) {
  if (!holds(path)) return;
  const std::lock_guard lock(mutex_);
  happened();
}

void Disk::cut_after(std::uint64_t events, std::filesystem::path into, std::function<void()> before,
                     std::function<void()> after) {
  const std::lock_guard lock(mutex_);
  events_left_ = events;
  into_ = std::move(into);
  before_ = std::move(before);
  after_ = std::move(after);
}

void Disk::happened() {
  if (!is_cut_ && events_left_ > 0 && --events_left_ == 0) cut();
}

void Disk::cut_now() {
  const std::lock_guard lock(mutex_);
  if (!is_cut_) cut();
}

void Disk::cut() {
  before_();
  is_cut_ = true;
  Cut cut(random_, damage_);
  cut.build(*this, node(root_), into_);
  after_();
}

bool Disk::is_cut() const {
  const std::lock_guard lock(mutex_);
  return is_cut_;
}

Damage Disk::damage() const {
  const std::lock_guard lock(mutex_);
  return damage_;
}

TimePoint Disk::last_sync_began() const {
  const std::lock_guard lock(mutex_);
  return last_sync_began_;
}

}  // namespace omnibus::embedded::test
