#pragma once

/// Who has the store open. A member holds the lock on the byte of its slot as long as it lives; the table in
/// shared memory says who that is.

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include <poll.h>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/lock_file.hpp"
#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded {

/// Threads: any for const calls; join and leave once each.
class MemberTable {
 public:
  MemberTable(Control& control, LockFile& locks) : control_(control), locks_(locks) {}

  /// Whether any other handle is a member now.
  static bool anybody(const LockFile& locks) noexcept;

  /// Takes a slot; under the open lock. Errors: unavailable when all are taken.
  MemberId join();
  void leave() noexcept;

  MemberId self() const noexcept { return self_; }
  std::vector<Member> list() const;
  bool alive(const MemberId& member) const noexcept;
  /// How far every live member has applied the log at least.
  std::uint64_t lowest_applied() const noexcept;
  void applied(std::uint64_t sequence) noexcept;

 private:
  bool slot_alive(std::uint32_t slot) const noexcept;

  Control& control_;
  LockFile& locks_;
  MemberId self_;
};

/// Notices members that go. Threads: one.
class MemberWatch {
 public:
  MemberWatch(const MemberTable& table, const Control& control) : table_(table), control_(control) {}

  /// Compares with what it saw last; tells the members that are gone, each once.
  std::vector<Member> refresh();
  /// Looks after a member that may have come and gone unseen.
  void track(const MemberId& member) { seen_.try_emplace(member, Seen{{.id = member, .pid = 0}, {}, false}); }
  /// Appends what becomes readable when a member's process ends.
  void add_descriptors(std::vector<pollfd>& descriptors) const;

 private:
  struct Seen {
    Member member;
    FileDescriptor process;  // a pidfd, empty across PID namespaces
    bool told = false;
  };
  void see_new();
  FileDescriptor open_process(const Member& member) const;

  const MemberTable& table_;
  const Control& control_;
  std::map<MemberId, Seen> seen_;
};

}  // namespace omnibus::embedded
