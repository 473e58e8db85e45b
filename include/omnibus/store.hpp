#pragma once

/// For programs that own or inspect an embedded store (`embedded:///path`): disk errors, contents, damage.
/// Threads: any thread for reading; install_store_signals once at start-up.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/driver.hpp>
#include <omnibus/properties.hpp>
#include <omnibus/queue_name.hpp>
#include <omnibus/time.hpp>

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

/// Told now and then how many bytes of how many are read.
using StoreProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A part of a store that is not as it was written.
struct StoreDamage {
  std::string file;                     ///< relative to the store's directory
  std::uint64_t offset = 0, bytes = 0;  ///< where in it; both 0: the file as a whole
  std::uint64_t first = 1, last = 0;    ///< log sequences that are lost with it; last < first: none
  std::string what;                     ///< for people
};

/// What check_store() read and found. Sizes are bytes.
struct StoreCheck {
  std::string id;       ///< empty when nothing tells it any more
  bool in_use = false;  ///< others had it open
  bool opens = true;    ///< false: opening it is refused, the beginning of its log is missing
  std::uint64_t segments = 0, log_bytes = 0;
  std::uint64_t frames = 0, frame_bytes = 0;    ///< whole ones
  std::uint64_t first = 0, last = 0;            ///< their log sequences
  std::uint64_t checkpoints = 0;                ///< valid ones, of two
  std::uint64_t checkpoint = 0;                 ///< the log sequence that the newest stands for
  std::uint64_t bodies = 0, body_bytes = 0;     ///< in files of their own, of kept messages
  std::uint64_t unnamed_bodies = 0;             ///< of no kept message: just written, or to be removed
  std::uint64_t queues = 0, subscriptions = 0;  ///< of the state that can be rebuilt
  std::uint64_t messages = 0;                   ///< that are kept and can be read
  std::uint64_t lost_messages = 0;  ///< as far as the rest tells; a lost frame may have held others
  std::vector<StoreDamage> damage;  ///< in the order found
  /// The torn tail that the next opening cuts, a write that a crash interrupted; segments set aside earlier.
  std::vector<StoreDamage> cut;

  bool sound() const noexcept { return damage.empty(); }
  std::uint64_t lost_sequences() const noexcept;
};

/// Reads the whole store: every frame, both checkpoints, every body that a kept message names, and rebuilds
/// the state from them. Changes nothing and needs no right to write; others may go on using the store.
/// Errors: not_found, forbidden, unsupported (newer format), unavailable, io. Damage is no error.
/// Threads: any.
StoreCheck check_store(const std::filesystem::path& directory, const StoreProgress& progress = {});

/// What to export: without a queue, all of them; with a subscription, what it still waits for.
struct StoreSelection {
  std::optional<QueueName> queue = std::nullopt;
  std::string subscription = {};
};

/// One kept message.
struct StoreMessage {
  std::string queue;  ///< as `q1/…`, whichever quality it was sent with
  std::uint64_t sequence = 0;
  SystemTime time = {};
  std::string key;
  Properties properties;
  std::string_view body;             ///< valid during the call
  std::vector<std::string> waiting;  ///< the subscriptions that have not settled it
};

struct StoreExport {
  std::uint64_t messages = 0;       ///< given
  std::uint64_t lost_messages = 0;  ///< that could not be read, see StoreCheck
  std::vector<StoreDamage> damage, cut;
};

/// Gives every kept message that can be read to `each`, by queue and sequence, also from a store that is
/// damaged or that cannot be opened any more. Changes nothing, as check_store().
/// Errors: those of check_store(); not_found also when the store has no such queue or subscription; what
/// `each` throws. Threads: any; `each` runs on the caller's.
StoreExport export_store(const std::filesystem::path& directory, const StoreSelection& selection,
                         const std::function<void(const StoreMessage&)>& each,
                         const StoreProgress& progress = {});

/// What compact_store() did. Sizes are bytes.
struct StoreCompaction {
  std::uint64_t copied = 0, copied_bytes = 0;  ///< messages copied to the end of the log
  std::uint64_t unreadable = 0;                ///< damaged messages: they are lost, and left out
  std::uint64_t removed_segments = 0, removed_segment_bytes = 0;
  std::uint64_t removed_bodies = 0, removed_body_bytes = 0;
  std::uint64_t segments = 0, log_bytes = 0, bodies = 0;  ///< what is left
  /// False: another process has not yet taken note of what was moved, segments stay that it may need.
  bool complete = true;
};

/// Makes a store smaller: writes checkpoints, copies the messages that keep mostly empty segments forward,
/// and removes segments and body files that nobody needs. It joins the store for that; others may go on using
/// it. What is kept as history stays. Errors: those of opening a store, no_space, io. Threads: any.
StoreCompaction compact_store(const std::filesystem::path& directory, const StoreProgress& progress = {});

}  // namespace omnibus
OMNIBUS_EXPORT_END
