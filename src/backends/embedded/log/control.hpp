#pragma once

/// What the processes of a store share in memory: the commit lock, the tail of the log, the wake-up word and
/// the table of members. One small mapped file, made anew by the first member; it holds no data.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <omnibus/time.hpp>

#include <pthread.h>

#include "backends/embedded/log/mapping.hpp"

namespace omnibus::embedded {

inline constexpr std::uint32_t max_members = 1024;

/// The next free byte of the log: segment number and offset in one word, so that both change at once.
struct Tail {
  std::uint64_t segment = 0;
  std::uint32_t offset = 0;

  static constexpr int offset_bits = 24;  // in units of 8 bytes: 128 MiB
  std::uint64_t pack() const noexcept { return segment << offset_bits | offset / 8; }
  static Tail unpack(std::uint64_t word) noexcept {
    return {word >> offset_bits, static_cast<std::uint32_t>(word & ((1U << offset_bits) - 1)) * 8};
  }
};

struct MemberSlot {
  std::atomic<std::uint64_t> generation;     ///< 0: free. Written last when taken, first when left.
  std::atomic<std::uint64_t> pid_namespace;  ///< inode of the namespace that `pid` belongs to
  std::atomic<std::uint64_t> applied;        ///< see Log::applied
  std::atomic<std::int32_t> pid;
  std::uint32_t reserved;
};

struct Control {
  char magic[8];
  std::uint32_t version;
  std::uint32_t reserved;
  char store_id[16];
  char boot_id[40];  ///< of the kernel, as text

  // Synced mark: `synced_check` is its complement, so that a reader after a crash can tell a torn pair.
  alignas(64) std::atomic<std::uint64_t> synced;
  std::atomic<std::uint64_t> synced_check;
  std::atomic<std::uint32_t> sync_leader;  ///< slot + 1 of the member that is syncing, 0: nobody
  std::atomic<std::uint32_t> sync_word;    ///< futex, changes with every completed sync
  std::atomic<std::uint32_t> sync_error;   ///< errno of a failed sync: the store refuses writes

  alignas(64) pthread_mutex_t commit;
  std::atomic<std::int32_t> holder_pid;  ///< of the commit lock
  std::atomic<std::uint32_t> repair;     ///< the last holder died: look at the tail before using it
  std::atomic<std::uint64_t> tail;       ///< Tail, under the commit lock
  std::atomic<std::uint64_t> oldest;     ///< number of the first segment that is kept

  alignas(64) std::atomic<std::uint64_t> end;  ///< last committed sequence

  alignas(64) std::atomic<std::uint32_t> wake_word;  ///< futex, changes with every wake
  std::atomic<std::uint32_t> sleepers;               ///< bits of those who may be waiting on it

  alignas(64) std::atomic<std::uint32_t> slots_used;  ///< one past the highest slot ever taken
  MemberSlot slots[max_members];
};

/// A mapped Control. Threads: any.
class ControlFile {
 public:
  /// Makes the file anew, replacing one that dead members left once `fill` has run.
  static ControlFile create(const std::filesystem::path& path, const std::string& store_id, mode_t mode,
                            const std::function<void(Control&)>& fill);
  /// Maps the file of a store that has live members. Errors: corrupt, unsupported.
  static ControlFile open(const std::filesystem::path& path, const std::string& store_id);
  /// Maps it for reading only; empty when it is missing, damaged or of another store or version.
  static std::optional<ControlFile> look(const std::filesystem::path& path, const std::string& store_id);
  /// The highest sequence that dead members left whole: the synced mark, or, while the machine has not been
  /// started anew, the last committed one, for the page cache outlives processes. 0 when nothing can be told.
  static std::uint64_t last_intact(const std::filesystem::path& path, const std::string& store_id);

  Control& operator*() const noexcept { return *control_; }
  Control* operator->() const noexcept { return control_; }

 private:
  explicit ControlFile(std::shared_ptr<MappedFile> file);
  std::shared_ptr<MappedFile> file_;
  Control* control_;
};

/// Raises the synced mark to `sequence`; never lowers it.
void raise_synced(Control& control, std::uint64_t sequence) noexcept;

/// 32 hex digits as 16 bytes.
std::string store_id_bytes(const std::string& store_id);

/// The bit of a member's sleepers: its own for the first 31 slots, the lowest for all others together.
constexpr std::uint32_t sleeper_bit(std::uint32_t slot) noexcept {
  return slot < 31 ? std::uint32_t{2} << slot : 1;
}

/// Sleeps while `word` is `expected`, across processes; may return early.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint deadline) noexcept;
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;
/// The same among some: who sleeps with `bits` is woken by who wakes one of them.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint deadline,
                std::uint32_t bits) noexcept;
void futex_wake(std::atomic<std::uint32_t>& word, std::uint32_t bits) noexcept;

}  // namespace omnibus::embedded
