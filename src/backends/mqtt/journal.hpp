#pragma once

#include <cstdint>
#include <string>

#include <omnibus/function.hpp>

namespace omnibus::mqtt {

/// Small records on disk, which outlive the process that wrote them: a record is with the kernel once add()
/// returns, so a killed process loses none. A crash of the machine may lose the last of them, for nothing is
/// synced. Threads: like a container.
class Journal {
 public:
  enum class What : std::uint8_t {
    published = 1,  ///< PUBLISH of QoS 2 is about to be sent
    released,       ///< the broker has it
    completed,      ///< and has forgotten its id
    failed,         ///< the broker refused it
    received,       ///< a message that came is done with, PUBREC is about to be sent
    forgotten,      ///< the broker has released it
  };
  struct Record {
    What what;
    std::uint16_t id = 0;  ///< packet id
    std::uint64_t sequence = 0;
  };
  using Replay = UniqueFunction<void(const Record&)>;

  /// Opens or makes the file, which nobody else may have open, and tells what is in it. A last record that is
  /// cut is left out. Errors: Error{conflict} when another process has it, {io}, {corrupt}.
  Journal(const std::string& folder, const std::string& name, Replay replay);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Errors: Error{io}.
  void add(const Record& record);
  /// Whether it is worth a rewrite: when it is long, and twice as long as the last one left it.
  bool is_long() const noexcept;
  /// Replaces the content by what `write` adds. Errors: Error{io}; the content is then as it was.
  void rewrite(UniqueFunction<void(Journal&)> write);

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  int file_ = -1;
  std::uint64_t records_ = 0;
  std::uint64_t rewritten_ = 0;  ///< records that the last rewrite left
};

}  // namespace omnibus::mqtt
