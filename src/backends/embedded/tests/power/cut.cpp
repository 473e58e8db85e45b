#include "backends/embedded/tests/power/cut.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <sys/stat.h>

namespace omnibus::embedded::test {

std::string content_of(int descriptor) {
  return read_at(descriptor, 0, static_cast<std::size_t>(file_size(descriptor, "a file of the store")),
                 "a file of the store");
}

void Disk::Cut::build(Disk& disk, const Node& directory, const std::filesystem::path& into) {
  std::filesystem::create_directory(into);
  const auto now = disk.list(directory);
  auto all = now;
  all.insert(directory.names.begin(), directory.names.end());
  for (const auto& [name, any] : all) {
    const auto inode = choose(directory.names, now, name);
    if (inode == 0) continue;
    const auto& chosen = disk.nodes_[inode];
    if (chosen.is_directory) {
      build(disk, chosen, into / name);
    } else if (const auto twin = built_.find(inode); twin != built_.end()) {
      std::filesystem::create_hard_link(twin->second, into / name);
    } else {
      write(chosen, into / name);
      built_[inode] = into / name;
    }
  }
}

/// Which file a name stands for, 0 for none.
std::uint64_t Disk::Cut::choose(const Names& synced, const Names& now, const std::string& name) {
  const auto before = synced.find(name);
  const auto after = now.find(name);
  const auto old_one = before == synced.end() ? 0 : before->second;
  const auto new_one = after == now.end() ? 0 : after->second;
  if (old_one == new_one || chance(0.5)) return new_one;
  ++(old_one == 0 ? damage_.not_made : new_one == 0 ? damage_.not_gone : damage_.not_moved);
  return old_one;
}

void Disk::Cut::write(const Node& node, const std::filesystem::path& path) {
  struct stat status {};
  ::fstat(node.file.get(), &status);
  std::ofstream(path, std::ios::binary) << mix(node.bytes, content_of(node.file.get()));
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(status.st_mode & 07777));
}

std::size_t Disk::Cut::size_of(std::size_t synced, std::size_t now) {
  if (synced == now) return now;
  const auto least = std::min(synced, now);
  const std::array sizes{synced, now, least + below(std::max(synced, now) - least + 1)};
  const auto size = sizes[below(sizes.size())];
  if (size != now) ++damage_.sizes;
  return size;
}

std::string Disk::Cut::mix(std::string_view synced, std::string_view now) {
  std::string result(now);
  result.resize(size_of(synced.size(), now.size()));
  std::string before(synced);
  before.resize(result.size());
  // A kernel has written much of one file and little of another.
  static constexpr std::array shares{0.0, 0.1, 0.33, 0.9, 0.98};
  const auto written = shares[below(shares.size())];
  for (std::size_t at = 0; at < result.size(); at += sector) {
    const auto size = std::min(sector, result.size() - at);
    if (result.compare(at, size, before, at, size) == 0) continue;
    ++damage_.changed;
    if (chance(written)) continue;
    const bool mixed = chance(0.5);
    const auto kept = mixed ? below(size) : 0;
    ++(mixed ? damage_.mixed : damage_.old);
    before.copy(result.data() + at + kept, size - kept, at + kept);
  }
  return result;
}

}  // namespace omnibus::embedded::test
