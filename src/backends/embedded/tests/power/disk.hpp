#pragma once

/// A directory tree as a disk would have it after the power was cut. It watches this program's fsync and
/// fdatasync (disk_hooks.cpp), so that it knows for every file and directory below a root what a completed
/// sync has put on disk. A cut builds the tree anew somewhere else: what was changed since, each 512-byte
/// sector of a file and each name in a directory independently of all others, has its old or its new version,
/// and a sector maybe a prefix of the new one.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include <omnibus/time.hpp>

#include "backends/embedded/log/file.hpp"

namespace omnibus::embedded::test {

/// What cuts have done, all together.
struct Damage {
  std::uint64_t changed = 0;    ///< sectors that differed from what was synced
  std::uint64_t old = 0;        ///< of these, back to the old version
  std::uint64_t mixed = 0;      ///< of these, a prefix of the new version before the rest of the old one
  std::uint64_t sizes = 0;      ///< files with another size than they had at the cut
  std::uint64_t not_made = 0;   ///< names that were new, and are missing
  std::uint64_t not_gone = 0;   ///< names that had been removed, and are back
  std::uint64_t not_moved = 0;  ///< names of the file that they had been before
  Damage& operator+=(const Damage& more);
};

/// Threads: any. One at a time watches.
class Disk {
 public:
  static constexpr std::size_t sector = 512;

  /// Everything below `root` counts as synced.
  Disk(std::filesystem::path root, std::uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  static Disk* watching() noexcept;

  /// Cuts at the `events`-th beginning or end of a sync, rename, link or removal from now on: calls `before`,
  /// builds the tree in `into`, which must not exist, and calls `after`. No sync completes meanwhile, but
  /// others go on writing, and part of that may be in the tree.
  void cut_after(std::uint64_t events, std::filesystem::path into, std::function<void()> before,
                 std::function<void()> after);
  /// Does it now, unless it is done.
  void cut_now();
  bool is_cut() const;
  Damage damage() const;
  /// When the last completed sync began that left nothing of the log unsynced.
  TimePoint last_sync_began() const;

  /// A sync on its way: what it is sure to put on disk.
  struct Sync {
    std::uint64_t inode = 0, order = 0;
    std::string bytes;
    std::map<std::string, std::uint64_t> names;
    TimePoint began = {};
    bool whole_log = false;
  };
  /// Empty when the file does not lie below the root.
  std::optional<Sync> begin(int descriptor);
  void complete(Sync sync);
  /// Something else happens to a name.
  void event(const std::filesystem::path& path);

 private:
  using Names = std::map<std::string, std::uint64_t>;
  /// One file or directory, kept open so that its number is not given to another.
  struct Node {
    FileDescriptor file;
    bool is_directory = false;
    std::uint64_t order = 0;  ///< of the sync that put on disk what follows
    std::string bytes;
    Names names;
  };
  class Cut;

  bool holds(const std::filesystem::path& path) const;
  Node& node(const std::filesystem::path& path);
  void take_as_synced(const std::filesystem::path& path);
  Names list(const Node& directory);
  bool others_synced(const std::filesystem::path& folder, std::uint64_t inode);
  void happened();
  void cut();

  const std::filesystem::path root_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::mt19937_64 random_;
  std::map<std::uint64_t, Node> nodes_;
  std::uint64_t order_ = 0;
  std::uint64_t events_left_ = 0;
  std::filesystem::path into_;
  std::function<void()> before_, after_;
  bool is_cut_ = false;
  Damage damage_;
  TimePoint last_sync_began_ = TimePoint::min();
};

}  // namespace omnibus::embedded::test
