#include "backends/embedded/log/mapping.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <tuple>

#include <sys/mman.h>
#include <sys/stat.h>

#include "backends/embedded/log/fault_table.hpp"

namespace omnibus::embedded {

/// The pages themselves; shared by the mappings of one file in this process.
struct MappedFile::Pages {
  Pages() = default;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    if (data == nullptr) return;
    remove_fault_range(fault_entry);
    ::munmap(data, size);
  }

  char* data = nullptr;
  std::size_t size = 0;
  std::size_t fault_entry = no_fault_entry;
};

namespace {

using Key = std::tuple<dev_t, ino_t, std::size_t, MappedFile::Access>;

/// Which files this process has mapped. Entries of dead mappings are dropped when new ones come.
class Registry {
 public:
  static Registry& instance() {
    static auto* registry = new Registry;  // outlives every static that may still hold a mapping
    return *registry;
  }

  template <class Make>
  std::shared_ptr<MappedFile::Pages> find_or_make(const Key& key, Make make) {
    const std::lock_guard guard(mutex_);
    auto& known = pages_[key];
    if (auto alive = known.lock()) return alive;
    auto made = make();
    known = made;
    std::erase_if(pages_, [](const auto& entry) { return entry.second.expired(); });
    return made;
  }

 private:
  std::mutex mutex_;  // guards pages_
  std::map<Key, std::weak_ptr<MappedFile::Pages>> pages_;
};

}  // namespace

MappedFile::MappedFile(std::shared_ptr<Pages> pages) : pages_(std::move(pages)) {
  data_ = pages_->data;
  size_ = pages_->size;
}

std::shared_ptr<MappedFile> MappedFile::map(int descriptor, Access access,
                                            const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw system_error("examine", path, errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  auto make = [&] {
    auto pages = std::make_shared<Pages>();
    if (size == 0) return pages;
    const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
    void* data = ::mmap(nullptr, size, protection, MAP_SHARED, descriptor, 0);
    if (data == MAP_FAILED) throw system_error("map", path, errno);
    pages->data = static_cast<char*>(data);
    pages->size = size;
    pages->fault_entry = add_fault_range(data, size);
    return pages;
  };
  return std::make_shared<MappedFile>(
      Registry::instance().find_or_make(Key{status.st_dev, status.st_ino, size, access}, make));
}

bool MappedFile::faulted() const noexcept { return fault_seen(pages_->fault_entry); }

void MappedFile::populate(std::size_t offset, std::size_t size, Populate how) const noexcept {
  if (offset >= size_) return;
  constexpr std::size_t page = 4096;
  const auto begin = offset / page * page;
  ::madvise(data_ + begin, std::min(size + (offset - begin), size_ - begin),
            how == Populate::writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

}  // namespace omnibus::embedded
