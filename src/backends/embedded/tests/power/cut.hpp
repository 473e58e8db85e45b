#pragma once

#include <map>
#include <random>
#include <string>

#include "backends/embedded/tests/power/disk.hpp"

namespace omnibus::embedded::test {

/// All bytes of a file, wherever the descriptor stands.
std::string content_of(int descriptor);

/// Builds what is on disk after one cut. Under the Disk's lock.
class Disk::Cut {
 public:
  Cut(std::mt19937_64& random, Damage& damage) : random_(random), damage_(damage) {}
  void build(Disk& disk, const Node& directory, const std::filesystem::path& into);

 private:
  std::uint64_t choose(const Names& synced, const Names& now, const std::string& name);
  void write(const Node& node, const std::filesystem::path& path);
  std::size_t size_of(std::size_t synced, std::size_t now);
  std::string mix(std::string_view synced, std::string_view now);
  bool chance(double share) { return std::bernoulli_distribution(share)(random_); }
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  std::mt19937_64& random_;
  Damage& damage_;
  std::map<std::uint64_t, std::filesystem::path> built_;  ///< a file may have two names
};

}  // namespace omnibus::embedded::test
