#pragma once

/// One file of the log, mapped. Threads: const calls from any; stamp() and stores into data() under the
/// commit lock.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/embedded/log/frame.hpp"
#include "backends/embedded/log/mapping.hpp"

namespace omnibus::embedded {

class Segment {
 public:
  /// Maps an existing segment; null when there is no such file. Errors: corrupt (both headers damaged), io.
  static std::shared_ptr<Segment> open(const std::filesystem::path& path);

  Segment(std::filesystem::path path, FileDescriptor file, std::shared_ptr<MappedFile> mapped,
          const SegmentHeader& header)
      : path_(std::move(path)), file_(std::move(file)), mapped_(std::move(mapped)), header_(header) {}

  std::uint64_t number() const noexcept { return header_.number; }
  std::uint64_t seed() const noexcept { return header_.seed; }
  /// Sequence of its first frame, as it stands in the file now; 0 while only prepared.
  std::uint64_t first() const noexcept;
  /// Bytes that can be used: the file's size, which damage may have made smaller than planned.
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(mapped_->size()); }
  std::string_view bytes() const noexcept { return mapped_->bytes(); }
  char* data() const noexcept { return mapped_->data(); }
  int descriptor() const noexcept { return file_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }
  const std::shared_ptr<MappedFile>& mapped() const noexcept { return mapped_; }

  /// Takes a prepared segment into use.
  void stamp(std::uint64_t first, std::uint64_t synced) noexcept;

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::shared_ptr<MappedFile> mapped_;
  SegmentHeader header_;
};

/// The segments of one store. Stateless but for its path; threads: any.
class SegmentFolder {
 public:
  SegmentFolder(std::filesystem::path folder, std::string store_id, mode_t mode)
      : folder_(std::move(folder)), store_id_(std::move(store_id)), mode_(mode) {}

  const std::filesystem::path& path() const noexcept { return folder_; }
  std::filesystem::path path_of(std::uint64_t number) const;
  /// The numbers of all files, rising.
  std::vector<std::uint64_t> numbers() const;
  /// Makes segment `number`, not yet in use; true when it was made, false when there is one. `who` keeps
  /// members' temporary files apart. Errors: no_space, io.
  bool create(std::uint64_t number, std::size_t capacity, std::uint32_t who) const;
  /// Removes what members that died while making a segment left. Only while no member lives.
  void remove_temporary_files() const;
  /// The store's id as some readable segment tells, "" when none does.
  static std::string find_store_id(const std::filesystem::path& folder);

 private:
  std::filesystem::path folder_;
  std::string store_id_;
  mode_t mode_;
};

}  // namespace omnibus::embedded
