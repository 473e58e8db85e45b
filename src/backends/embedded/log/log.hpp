#pragma once

/// The commit log of one store: frames of opaque bytes in one order, shared by every process that opened the
/// directory, durable to the level asked for. What the bytes mean is the engine's business.
///
/// A writer takes the commit section, reads what others committed meanwhile, decides, appends, leaves the
/// section, wakes the others and asks for a confirmation:
///
///     auto section = log.lock();
///     while (log.read(cursor, frame) == ReadResult::frame) apply(frame);
///     const FrameView mine = log.append(section, parts);
///     cursor.skip(mine);
///     apply(mine);
///     section.release();
///     log.wake();
///     log.confirm(mine.sequence, std::move(done));
///
/// Read up to the end before taking the section too, so that little is left to be read while others wait.
///
/// Threads: any thread for every call of Log; a Section stays on the thread that took it; a Cursor and a
/// FrameView belong to one caller at a time. After fork() every handle of the child is unusable:
/// Error{closed}.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibus/error.hpp>
#include <omnibus/function.hpp>
#include <omnibus/time.hpp>

#include "codec/crc32c.hpp"

#include <sys/types.h>

namespace omnibus::embedded {

class Mapping;
class Segment;

/// When a commit counts as confirmed.
struct Durability {
  enum class Level : std::uint8_t {
    sync,    ///< after fdatasync
    group,   ///< at once, while a sync starts at most `interval` after the oldest unsynced frame
    process  ///< at once; survives kill -9, not power loss
  };
  Level level = Level::sync;
  Duration interval = Duration::zero();  ///< of Level::group

  /// "sync", "group:N" with N in milliseconds, or "process". Errors: ConfigError.
  static Durability parse(std::string_view text);
};

struct LogOptions {
  std::filesystem::path directory;
  Durability durability = {};
  Duration lock_wait = std::chrono::seconds(1);  ///< for the commit section
  std::size_t first_segment = std::size_t{1} << 20;
  std::size_t max_segment = std::size_t{64} << 20;
  /// For q0: nothing is ever synced, the first opener after all members are gone starts from empty, and the
  /// oldest segments go when all together pass `ring_bytes`.
  bool volatile_log = false;
  std::size_t ring_bytes = std::size_t{64} << 20;
  /// False: a directory without a store is Error{not_found} and stays as it is.
  bool create = true;
  /// A directory that has to be made gets the permissions and the group of this one; empty: mode 0700.
  std::filesystem::path permissions_like = {};
  /// Told of damage, of what recovery cut and of failed background work, one line each. Called without a
  /// lock, on any thread; must not block. Empty: omnibus::log at level warning.
  std::function<void(const std::string&)> report = {};
  /// For tests: called at each named step of a commit ("frame-written", "length-stored", …).
  void (*step)(std::string_view name) = nullptr;
};

/// A frame fits into the smallest segment, 1 MiB, behind its header.
inline constexpr std::size_t max_frame_size = (std::size_t{1} << 20) - 1024;
inline constexpr std::size_t frame_header_size = 32;
/// The longest payload of one frame.
inline constexpr std::size_t max_frame_payload = max_frame_size - frame_header_size;
/// Bodies above it belong in a blob.
inline constexpr std::size_t blob_threshold = std::size_t{64} << 10;

/// Where a frame lies; stays valid until its segment is removed.
struct FramePosition {
  std::uint64_t segment = 0;
  std::uint32_t offset = 0;
  friend bool operator==(const FramePosition&, const FramePosition&) = default;
};

/// Sequences that cannot be read any more.
struct Gap {
  enum class Reason : std::uint8_t {
    dropped,  ///< their segment was removed before they were read: a ring's slow reader
    corrupt,  ///< damaged
    io        ///< the disk failed to give them
  };
  Reason reason = Reason::dropped;
  std::uint64_t first = 0, last = 0;
  FramePosition position = {};  ///< where the damage begins
  std::uint64_t bytes = 0;      ///< how many bytes are skipped, 0 when unknown
};

/// One frame; `payload` lives as long as `pin`. Reuse one object in a loop: the pin is only exchanged when
/// the segment changes.
struct FrameView {
  std::uint64_t sequence = 0;
  std::string_view payload;
  FramePosition position = {};
  std::shared_ptr<const Mapping> pin;
  std::uint32_t size = 0;  ///< bytes on disk, header and padding included
};

/// A place between two frames. Made by Log::cursor().
class Cursor {
 public:
  Cursor() = default;
  /// The sequence that read() gives next.
  std::uint64_t next() const noexcept { return next_; }
  /// Steps over the frame at next(), which the caller appended itself.
  void skip(const FrameView& frame);

 private:
  friend class Log;
  friend class Reader;
  std::uint64_t next_ = 1;
  std::shared_ptr<const Segment> segment_;
  std::uint32_t offset_ = 0;
};

enum class ReadResult : std::uint8_t {
  frame,  ///< the view holds the next frame
  gap,    ///< frames are missing, see the Gap; call again
  end     ///< nothing more at the moment
};

/// One open handle of the store. Never the same again, not even for the same slot or process.
struct MemberId {
  std::uint32_t slot = 0;
  std::uint64_t generation = 0;  ///< random, never 0 for a real member
  friend bool operator==(const MemberId&, const MemberId&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): it mistakes the zero inside a default <=> for a pointer
  friend auto operator<=>(const MemberId&, const MemberId&) = default;
};

struct Member {
  MemberId id;
  pid_t pid = 0;  ///< as its own PID namespace sees it
};

/// A body in a file of its own. Rises with time.
using BlobId = std::uint64_t;

struct Blob {
  BlobId id = 0;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
};

struct BlobFile {
  BlobId id = 0;
  std::uint64_t length = 0;  ///< as the file system tells
};

/// A state of the engine; replay goes on behind `sequence`.
struct Checkpoint {
  std::uint64_t sequence = 0;
  std::string bytes;
};

struct SegmentInfo {
  std::uint64_t number = 0;
  std::uint64_t first = 0;  ///< sequence of its first frame
  std::uint64_t last = 0;   ///< of its last frame; first - 1 when it holds none
  std::uint64_t bytes = 0;  ///< size of the file
};

using codec::crc32c;

/// Where a store's volatile log lives: a folder in shared memory named after the store, or `q0` inside the
/// store when the machine has no shared memory.
std::filesystem::path volatile_directory(const std::filesystem::path& store, std::string_view store_id);

class Log {
 public:
  /// Opens or creates the store and joins it as a member. The first member recovers: it cuts a torn tail,
  /// reports damage, and syncs.
  /// Errors: config (not a directory, a network file system, locks that do not work), forbidden (no
  /// permission), not_found, unsupported (newer format), corrupt, no_space, io, unavailable (another process
  /// is recovering for long).
  static std::unique_ptr<Log> open(LogOptions options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// 32 hex digits, made with the store.
  const std::string& store_id() const noexcept;
  const LogOptions& options() const noexcept;
  /// True for the member that found nobody else and recovered: the one to remove blobs without a frame.
  bool first_member() const noexcept;

  /// The right to append. Hold it for microseconds: others wait. Released by the destructor.
  class Section {
   public:
    Section(Section&& other) noexcept : log_(std::exchange(other.log_, nullptr)) {}
    Section& operator=(Section&&) = delete;
    ~Section() { release(); }
    void release() noexcept;

   private:
    friend class Log;
    explicit Section(Log* log) : log_(log) {}
    Log* log_;
  };
  /// Of lock_wait the caller has waited `waited` already, for another thread that asked.
  /// Errors: unavailable after lock_wait, naming the process that holds it; closed; io when a sync failed.
  Section lock(Duration waited = Duration::zero());

  /// What may use the last of the space that there is.
  enum class Room : std::uint8_t {
    all,   ///< what reading and settling needs: on a full disk it goes on
    spare  ///< what makes a store larger: a quarter of a segment is left to the others
  };
  /// Writes one frame of all parts together, 1 to max_frame_payload bytes; readers see it on return.
  /// Errors: no_space, io: nothing was appended and the store is as before; too_large.
  FrameView append(Section& section, std::span<const std::string_view> parts, Room room = Room::all);

  /// The last committed sequence, 0 for an empty log. Lock-free.
  std::uint64_t end() const noexcept;
  /// The highest sequence known to be on disk. Lock-free.
  std::uint64_t synced() const noexcept;

  /// A cursor behind sequence `after`: read() gives after + 1 next, or a Gap first when that is gone.
  Cursor cursor(std::uint64_t after) const;
  /// Gives the next frame, its CRC verified. Damage is reported, told as a Gap, and reading goes on behind
  /// it. Errors: io, closed.
  ReadResult read(Cursor& cursor, FrameView& frame, Gap& gap) const;
  /// Reads one frame again by position. Errors: corrupt, io, not_found (its segment was removed).
  FrameView read_at(FramePosition position) const;

  /// Wakes all that wait on other handles of the store; cheap when nobody does. Who waits on this one may be
  /// woken or not: it knows what was appended here.
  void wake() noexcept;
  /// Waits until another handle's commit brings end() past `seen`, somebody calls interrupt() on this Log, or
  /// the deadline passes. Spins first for `spin`. Returns whether end() is past `seen`.
  bool wait(std::uint64_t seen, TimePoint deadline, Duration spin = Duration::zero());
  /// Ends the waits of this Log, the next one too if none is going on. Other processes go on waiting.
  void interrupt() noexcept;

  /// Runs `done` when `sequence` and everything before it is as durable as LogOptions::durability asks:
  /// before it returns, or later on the background thread. Call it without the section. Errors: io.
  void confirm(std::uint64_t sequence, Completion done);
  /// Whether confirm() would run `done` before it returns. What is false here is to be confirmed.
  bool confirmed(std::uint64_t sequence);
  /// Waits until everything committed is on disk, whatever the durability. Errors: io.
  void sync();

  /// Writes a body to its own file, synced unless durability is `process`. Errors: no_space, io.
  Blob write_blob(std::string_view bytes);
  /// Maps a body and verifies it. Errors: corrupt, not_found, io.
  std::shared_ptr<const Mapping> open_blob(const Blob& blob) const;
  /// Open mappings stay valid. A blob that is gone already is no error.
  void remove_blob(BlobId id) noexcept;
  std::vector<BlobFile> blobs() const;
  /// For recovery: the blobs that were there when this member, the first, found nobody else. Those of them
  /// that no frame names belong to sends that never committed. Empty for every other member: a blob that a
  /// live member has just written has no frame yet.
  const std::vector<BlobFile>& leftover_blobs() const noexcept;

  /// Replaces the checkpoint, after syncing the log up to `sequence`; blocks for the disk. False when another
  /// thread or process is writing one or a newer one is there. Errors: no_space, io.
  bool write_checkpoint(std::uint64_t sequence, std::string_view bytes);
  /// The newest valid one, read from disk now.
  std::optional<Checkpoint> checkpoint() const;
  /// All that can be read now, newest first; at most two.
  std::vector<Checkpoint> checkpoints() const;

  std::vector<SegmentInfo> segments() const;
  /// Removes segments that hold only sequences below `sequence`, never the newest one and never one that a
  /// live member has yet to apply (see applied()). Mappings that exist stay valid. Returns the bytes freed.
  std::uint64_t remove_before(std::uint64_t sequence);
  /// Notes how far this member has applied the log; until the first call it pins every segment.
  void applied(std::uint64_t sequence) noexcept;

  MemberId self() const noexcept;
  std::vector<Member> members() const;
  /// False once the member has closed or died, whoever asks.
  bool alive(const MemberId& member) const noexcept;
  /// From now on calls `gone` once for each member that goes, clean or not, within 250 ms (at once for a
  /// death in the same PID namespace), on the background thread without a lock. Call it once.
  void watch(std::function<void(const Member&)> gone);
  /// For watch(): looks after `member`, known from a frame, even if it came and went unseen.
  void track(const MemberId& member);

 private:
  class State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A mapped file: a segment or a blob. Immutable for readers; see install_store_signals() for what happens
/// when the disk fails under it.
class Mapping {
 public:
  virtual ~Mapping() = default;
  std::string_view bytes() const noexcept { return {data_, size_}; }
  /// True when a page could not be read and was replaced by zeros: what was read is not to be trusted.
  virtual bool faulted() const noexcept = 0;

 protected:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace omnibus::embedded
