#include "backends/embedded/log/control.hpp"

#include <climits>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace omnibus::embedded {
namespace {

constexpr char control_magic[8] = {'O', 'M', 'N', 'I', 'C', 'T', 'L', '\n'};
constexpr std::uint32_t control_version = 1;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

/// 36 letters that change with every start of the kernel; empty when they cannot be read.
std::string boot_id() {
  const std::filesystem::path path = "/proc/sys/kernel/random/boot_id";
  const auto file = open_existing(path, O_RDONLY);
  auto text = file ? read_at(file->get(), 0, 36, path) : std::string();
  return text.size() == 36 ? text : std::string();
}

void initialise(Control& control, const std::string& store_id) {
  // The file is fresh, so every byte is zero already.
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&control.commit, &attributes);
  pthread_mutexattr_destroy(&attributes);
  control.synced_check.store(~std::uint64_t{0});
  control.version = control_version;
  const auto id = store_id_bytes(store_id);
  std::memcpy(control.store_id, id.data(), sizeof control.store_id);
  const auto boot = boot_id();
  std::memcpy(control.boot_id, boot.data(), boot.size());
  std::memcpy(control.magic, control_magic, sizeof control_magic);
}

bool belongs(const Control& control, const std::string& store_id) {
  const auto id = store_id_bytes(store_id);
  return std::memcmp(control.magic, control_magic, sizeof control_magic) == 0 &&
         std::memcmp(control.store_id, id.data(), sizeof control.store_id) == 0;
}

}  // namespace

ControlFile::ControlFile(std::shared_ptr<MappedFile> file)
    : file_(std::move(file)), control_(reinterpret_cast<Control*>(file_->data())) {}

ControlFile ControlFile::create(const std::filesystem::path& path, const std::string& store_id, mode_t mode,
                                const std::function<void(Control&)>& fill) {
  auto temporary = path;
  temporary += ".new";
  remove_quietly(temporary);
  const auto file = open_file(temporary, O_RDWR | O_CREAT | O_EXCL, mode);
  allocate(file.get(), sizeof(Control), temporary);
  ControlFile control(MappedFile::map(file.get(), MappedFile::Access::write, temporary));
  initialise(*control, store_id);
  fill(*control);
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw system_error("replace", path, errno);
  return control;
}

ControlFile ControlFile::open(const std::filesystem::path& path, const std::string& store_id) {
  const auto file = open_file(path, O_RDWR);
  auto mapped = MappedFile::map(file.get(), MappedFile::Access::write, path);
  if (mapped->size() != sizeof(Control))
    throw Error(ErrorCode::unsupported, "cannot join the store: " + path.string() +
                                            " was made by another version that is still running");
  ControlFile control(std::move(mapped));
  if (!belongs(*control, store_id) || control->version != control_version)
    throw Error(ErrorCode::corrupt, "cannot join the store: " + path.string() + " is damaged",
                {.hint = "stop every process that uses the store, then start again"});
  return control;
}

std::optional<ControlFile> ControlFile::look(const std::filesystem::path& path, const std::string& store_id) {
  const auto file = open_existing(path, O_RDONLY);
  if (!file) return std::nullopt;
  const auto mapped = MappedFile::map(file->get(), MappedFile::Access::read, path);
  if (mapped->size() != sizeof(Control)) return std::nullopt;
  ControlFile control(mapped);
  if (!belongs(*control, store_id) || control->version != control_version) return std::nullopt;
  return control;
}

std::uint64_t ControlFile::last_intact(const std::filesystem::path& path, const std::string& store_id) {
  const auto found = look(path, store_id);
  if (!found) return 0;
  const auto& control = *found;
  const auto boot = boot_id();
  if (!boot.empty() && std::memcmp(control->boot_id, boot.data(), boot.size()) == 0 &&
      control->sync_error.load() == 0)
    return control->end.load();
  const auto synced = control->synced.load();
  return control->synced_check.load() == ~synced ? synced : 0;
}

void raise_synced(Control& control, std::uint64_t sequence) noexcept {
  auto known = control.synced.load();
  while (known < sequence && !control.synced.compare_exchange_weak(known, sequence)) {
  }
  // Two members may meet here; whoever is last writes the complement of what then stands.
  for (auto now = control.synced.load(); control.synced_check.load() != ~now; now = control.synced.load())
    control.synced_check.store(~now);
}

std::string store_id_bytes(const std::string& store_id) {
  std::string bytes(16, '\0');
  for (std::size_t half = 0; half < 2; ++half) {
    const auto value = parse_hex16(std::string_view(store_id).substr(half * 16, 16)).value_or(0);
    std::memcpy(bytes.data() + half * 8, &value, sizeof value);
  }
  return bytes;
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint deadline) noexcept {
  futex_wait(word, expected, deadline, FUTEX_BITSET_MATCH_ANY);
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint deadline,
                std::uint32_t bits) noexcept {
  const auto since_epoch = deadline.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  timespec until{};
  until.tv_sec = seconds.count();
  until.tv_nsec = (since_epoch - seconds).count();
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, which is Clock.
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_BITSET, expected,
            deadline == TimePoint::max() ? nullptr : &until, nullptr, bits);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept { futex_wake(word, FUTEX_BITSET_MATCH_ANY); }

void futex_wake(std::atomic<std::uint32_t>& word, std::uint32_t bits) noexcept {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE_BITSET, INT_MAX, nullptr, nullptr,
            bits);
}

}  // namespace omnibus::embedded
