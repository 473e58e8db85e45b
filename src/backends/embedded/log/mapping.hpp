#pragma once

/// Shared mappings of files. Two handles of one process share the mapping of one file, so that tools which
/// watch memory accesses see them meet. Threads: safe from any thread.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "backends/embedded/log/file.hpp"
#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded {

class MappedFile final : public Mapping {
 public:
  enum class Access : std::uint8_t { read, write };

  /// Maps the file that `descriptor` names, as long as it is now. Errors: io, unavailable.
  static std::shared_ptr<MappedFile> map(int descriptor, Access access, const std::filesystem::path& path);

  struct Pages;
  /// Use map().
  explicit MappedFile(std::shared_ptr<Pages> pages);

  char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool faulted() const noexcept override;
  enum class Populate : std::uint8_t {
    readable,  ///< in memory: a first store still costs a small fault, and a sync writes nothing
    writable   ///< stores cost no fault; the next sync writes these pages, and protects them again
  };
  /// Makes pages present: a hint, failure is ignored.
  void populate(std::size_t offset, std::size_t size, Populate how) const noexcept;

 private:
  std::shared_ptr<Pages> pages_;
};

}  // namespace omnibus::embedded
