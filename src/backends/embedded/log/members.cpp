#include "backends/embedded/log/members.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace omnibus::embedded {
namespace {

/// The inode of this process's PID namespace, 0 when it cannot be told.
std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

}  // namespace

bool MemberTable::anybody(const LockFile& locks) noexcept {
  return locks.held_elsewhere(LockFile::first_member_byte, max_members);
}

MemberId MemberTable::join() {
  for (std::uint32_t slot = 0; slot < max_members; ++slot) {
    // This handle's own lock never conflicts, but it has none yet.
    if (!locks_.try_lock(LockFile::first_member_byte + slot)) continue;
    auto& entry = control_.slots[slot];
    entry.generation.store(0);
    entry.pid.store(::getpid());
    entry.pid_namespace.store(own_pid_namespace());
    entry.applied.store(0);
    self_ = {.slot = slot, .generation = random_number()};
    entry.generation.store(self_.generation);
    if (control_.slots_used.load() <= slot) control_.slots_used.store(slot + 1);
    return self_;
  }
  throw Error(ErrorCode::unavailable,
              "cannot open the store: " + std::to_string(max_members) + " others have it open",
              {.retryable = true, .backend = "embedded"});
}

void MemberTable::leave() noexcept {
  if (self_.generation == 0) return;
  control_.slots[self_.slot].generation.store(0);
  locks_.unlock(LockFile::first_member_byte + self_.slot);
}

bool MemberTable::slot_alive(std::uint32_t slot) const noexcept {
  return slot == self_.slot || locks_.held_elsewhere(LockFile::first_member_byte + slot);
}

std::vector<Member> MemberTable::list() const {
  std::vector<Member> members;
  const auto used = std::min(control_.slots_used.load(), max_members);
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const auto& entry = control_.slots[slot];
    const auto generation = entry.generation.load();
    if (generation == 0 || !slot_alive(slot)) continue;
    const Member member{.id = {slot, generation}, .pid = entry.pid.load()};
    if (entry.generation.load() == generation) members.push_back(member);
  }
  return members;
}

bool MemberTable::alive(const MemberId& member) const noexcept {
  if (member.slot >= max_members || member.generation == 0) return false;
  return control_.slots[member.slot].generation.load() == member.generation && slot_alive(member.slot);
}

std::uint64_t MemberTable::lowest_applied() const noexcept {
  auto lowest = std::numeric_limits<std::uint64_t>::max();
  const auto used = std::min(control_.slots_used.load(), max_members);
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const auto& entry = control_.slots[slot];
    if (entry.generation.load() != 0 && slot_alive(slot)) lowest = std::min(lowest, entry.applied.load());
  }
  return lowest;
}

void MemberTable::applied(std::uint64_t sequence) noexcept {
  control_.slots[self_.slot].applied.store(sequence, std::memory_order_release);
}

/// Slots keep the name of a member that was killed until another takes them, so a short life is seen too.
void MemberWatch::see_new() {
  const auto used = std::min(control_.slots_used.load(), max_members);
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const auto& entry = control_.slots[slot];
    const Member member{.id = {slot, entry.generation.load()}, .pid = entry.pid.load()};
    if (member.id.generation == 0 || member.id == table_.self() || seen_.contains(member.id)) continue;
    seen_.emplace(member.id, Seen{member, open_process(member), false});
  }
}

std::vector<Member> MemberWatch::refresh() {
  see_new();
  std::vector<Member> gone;
  for (auto& [id, seen] : seen_) {
    if (!table_.alive(id)) {
      if (!std::exchange(seen.told, true)) gone.push_back(seen.member);
      seen.process.reset();
      continue;
    }
    // Ended, and yet its lock is held: a child shares the descriptor. From now on only the lock tells.
    pollfd ended{.fd = seen.process.get(), .events = POLLIN, .revents = 0};
    if (seen.process && ::poll(&ended, 1, 0) > 0) seen.process.reset();
  }
  std::erase_if(seen_, [this](const auto& entry) {
    return entry.second.told && control_.slots[entry.first.slot].generation.load() != entry.first.generation;
  });
  return gone;
}

FileDescriptor MemberWatch::open_process(const Member& member) const {
  const auto own = own_pid_namespace();
  if (own == 0 || control_.slots[member.id.slot].pid_namespace.load() != own || member.pid == ::getpid())
    return {};
  FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, member.pid, 0)));
  // Still alive after the open: the number had not gone to another process.
  return table_.alive(member.id) ? std::move(process) : FileDescriptor();
}

void MemberWatch::add_descriptors(std::vector<pollfd>& descriptors) const {
  for (const auto& [id, seen] : seen_) {
    if (seen.process) descriptors.push_back({.fd = seen.process.get(), .events = POLLIN, .revents = 0});
  }
}

}  // namespace omnibus::embedded
