#pragma once

/// For programs that own or inspect an embedded store (`embedded:///path`): disk errors, contents.
/// Threads: any thread for reading; install_store_signals once at start-up.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/driver.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// Makes disk errors under an embedded store's mapped files readable as Error{io} instead of ending the
/// process: from now on a SIGBUS on such a page maps zeros over it, so that its checksum fails. Every other
/// SIGBUS goes to the handler that was installed before. The library never does this by itself; the omnibus
/// program does. Idempotent.
/// Threads: call it once at start-up, before others install SIGBUS handlers of their own.
void install_store_signals();

/// What an embedded store holds at one moment. Counts are messages, sizes bytes.
struct StoreContents {
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t first = 0, last = 0;  ///< log sequences of its frames; last < first when it holds none
    std::uint64_t bytes = 0;            ///< size of the file
  };
  std::string id;                                         ///< the store's own, made with it
  std::vector<Segment> segments;                          ///< oldest first
  std::map<std::string, driver::QueueStatistics> queues;  ///< by queue name; durable ones only
  std::uint64_t blobs = 0;                                ///< bodies in files of their own
  std::uint64_t blob_bytes = 0;
};

/// Looks inside the store in `directory` without changing what it holds; others may go on using it.
/// Errors: not_found when no store is there, forbidden, unsupported (newer format), corrupt, io.
/// Threads: any.
StoreContents read_store(const std::filesystem::path& directory);

}  // namespace omnibus
OMNIBUS_EXPORT_END
