#include "backends/embedded/log/image.hpp"

#include <algorithm>
#include <optional>

#include <fcntl.h>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/lock_file.hpp"
#include "backends/embedded/log/members.hpp"
#include "backends/embedded/log/segment.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/log/walk.hpp"

namespace omnibus::embedded {
namespace {

constexpr Duration open_patience = std::chrono::seconds(30);
/// A store in use may remove segments while they are listed; more often than this it does not.
constexpr int most_attempts = 10;

class Taking {
 public:
  explicit Taking(const std::filesystem::path& directory) : segments_(directory / "log", {}, 0) {
    image_.directory = directory;
  }

  /// False when a segment went meanwhile: what was read does not belong together.
  bool take() {
    const auto before = segments_.numbers();
    find_id();
    look_at_members();
    load_checkpoints();
    for (const auto number : segments_.numbers()) {
      if (!add_segment(number) && image_.in_use) return false;
    }
    return std::all_of(before.begin(), before.end(), [this](auto number) { return seen(number); });
  }
  StoreImage result() { return std::move(image_); }

 private:
  void find_id() {
    const auto known = StoreFolder::known_id(image_.directory, false);
    image_.id = known ? *known : SegmentFolder::find_store_id(segments_.path());
    if (!known) image_.damage.push_back({.file = "format", .what = "missing or damaged"});
  }

  void look_at_members() {
    const auto path = image_.directory / "control";
    image_.in_use = is_in_use(image_.directory);
    if (!image_.in_use) {
      image_.intact = std::max(ControlFile::last_intact(path, image_.id),
                               CheckpointFile(image_.directory, 0).newest_sequence());
      return;
    }
    const auto control = ControlFile::look(path, image_.id);
    image_.end = control ? (*control)->end.load() : 0;
    oldest_ = control ? (*control)->oldest.load() : 0;
    newest_ = control ? Tail::unpack((*control)->tail.load()).segment : 0;
    if (!control) image_.damage.push_back({.file = "control", .what = "damaged, though the store is in use"});
  }

  void load_checkpoints() {
    for (const auto* name : checkpoint_names) {
      auto bytes = read_file(image_.directory / name);
      if (!bytes) continue;
      if (auto checkpoint = decode_checkpoint(std::move(*bytes)))
        image_.checkpoints.push_back(std::move(*checkpoint));
      else
        image_.damage.push_back({.file = name, .what = "damaged; it is not used"});
    }
  }

  /// False when the file is gone.
  bool add_segment(std::uint64_t number) {
    const auto path = segments_.path_of(number);
    const auto file = open_existing(path, O_RDONLY);
    if (!file) return false;
    seen_.push_back(number);
    auto mapped = MappedFile::map(file->get(), MappedFile::Access::read, path);
    const auto start = mapped->bytes().substr(0, first_frame_offset);
    const auto header = decode_segment_header(start);
    if (image_.in_use && (number < oldest_ || number > newest_)) return true;  // leaving, or not in use yet
    if (!header) {
      image_.damage.push_back({.file = segment_file(number),
                               .bytes = mapped->size(),
                               .what = "both headers are damaged, its frames cannot be read"});
      return true;
    }
    if (header->first == 0) return true;  // only prepared
    examine(number, *header, *mapped);
    image_.segments.push_back({.number = number, .header = *header, .mapped = std::move(mapped)});
    return true;
  }

  void examine(std::uint64_t number, const SegmentHeader& header, const MappedFile& mapped) {
    const auto note = [&](std::uint64_t offset, std::uint64_t bytes, std::string what) {
      image_.damage.push_back(
          {.file = segment_file(number), .offset = offset, .bytes = bytes, .what = std::move(what)});
    };
    if (!both_headers_fit(mapped.bytes())) note(0, first_frame_offset, "one of its two headers is damaged");
    if (mapped.size() < header.capacity)
      note(mapped.size(), header.capacity - mapped.size(), "the end of the file is missing");
    const auto id = store_id_bytes(image_.id);
    if (id.compare(0, id.size(), header.store_id, sizeof header.store_id) != 0)
      note(0, 0, "it belongs to another store");
  }

  bool seen(std::uint64_t number) const {
    return std::find(seen_.begin(), seen_.end(), number) != seen_.end();
  }

  StoreImage image_;
  SegmentFolder segments_;
  std::uint64_t oldest_ = 0, newest_ = 0;  // in use: the segments that count
  std::vector<std::uint64_t> seen_;
};

void find_set_aside(StoreImage& image) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(image.directory / "log", error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".damaged") continue;
    std::error_code gone;
    const auto size = at->file_size(gone);
    image.set_aside.push_back({.file = "log/" + at->path().filename().string(),
                               .bytes = gone ? 0 : size,
                               .what = "set aside by an earlier recovery"});
  }
  std::sort(image.set_aside.begin(), image.set_aside.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
}

}  // namespace

const StoreImage::Segment* StoreImage::find(std::uint64_t number) const noexcept {
  const auto found = std::find_if(segments.begin(), segments.end(),
                                  [number](const Segment& segment) { return segment.number == number; });
  return found == segments.end() ? nullptr : &*found;
}

StoreImage take_image(const std::filesystem::path& directory) {
  StoreFolder::require(directory);
  // While somebody opens the store it may be recovering.
  auto locks = LockFile::look(directory / "lock");
  if (locks) locks->share(LockFile::open_byte, deadline_after(open_patience));
  for (int attempt = 1;; ++attempt) {
    Taking taking(directory);
    if (!taking.take() && attempt < most_attempts) continue;
    auto image = taking.result();
    find_set_aside(image);
    return image;
  }
}

bool is_in_use(const std::filesystem::path& directory) {
  const auto locks = LockFile::look(directory / "lock");
  return locks && MemberTable::anybody(*locks);
}

std::string segment_file(std::uint64_t number) { return "log/" + hex16(number) + ".seg"; }

FrameView read_frame(const StoreImage& image, FramePosition position) {
  const std::string place =
      "cannot read frame " + hex16(position.segment) + ":" + std::to_string(position.offset);
  const auto* segment = image.find(position.segment);
  if (segment == nullptr)
    throw Error(ErrorCode::not_found, place + ": its segment is missing", {.backend = "embedded"});
  const auto bytes = segment->bytes();
  const auto header = decode_frame_header(bytes, segment->header.seed, position.offset);
  if (!header || !payload_fits(bytes, segment->header.seed, position.offset, *header))
    throw Error(segment->mapped->faulted() ? ErrorCode::io : ErrorCode::corrupt, place + ": it is damaged",
                {.backend = "embedded"});
  return {.sequence = header->sequence,
          .payload = payload_of(bytes, position.offset, *header),
          .position = position,
          .pin = segment->mapped,
          .size = frame_size(header->length)};
}

}  // namespace omnibus::embedded
