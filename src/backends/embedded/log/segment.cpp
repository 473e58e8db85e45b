#include "backends/embedded/log/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "backends/embedded/log/control.hpp"

namespace omnibus::embedded {
namespace {

constexpr std::string_view segment_suffix = ".seg";
constexpr std::string_view temporary_suffix = ".new";

std::optional<std::uint64_t> number_of(const std::string& name) {
  if (name.size() != 16 + segment_suffix.size() || !name.ends_with(segment_suffix)) return std::nullopt;
  return parse_hex16(std::string_view(name).substr(0, 16));
}

}  // namespace

std::shared_ptr<Segment> Segment::open(const std::filesystem::path& path) {
  auto file = open_existing(path, O_RDWR);
  if (!file) return nullptr;
  const auto header = decode_segment_header(read_at(file->get(), 0, first_frame_offset, path));
  if (!header)
    throw Error(ErrorCode::corrupt, "cannot read " + path.string() + ": its header is damaged",
                {.backend = "embedded"});
  auto mapped = MappedFile::map(file->get(), MappedFile::Access::write, path);
  return std::make_shared<Segment>(path, std::move(*file), std::move(mapped), *header);
}

std::uint64_t Segment::first() const noexcept {
  const auto header = decode_segment_header(bytes().substr(0, first_frame_offset));
  return header ? header->first : header_.first;
}

void Segment::stamp(std::uint64_t first, std::uint64_t synced) noexcept {
  header_.first = first;
  header_.synced = synced;
  const auto bytes = encode(header_);
  std::memcpy(data(), bytes.data(), bytes.size());
}

std::filesystem::path SegmentFolder::path_of(std::uint64_t number) const {
  return folder_ / (hex16(number) + std::string(segment_suffix));
}

std::vector<std::uint64_t> SegmentFolder::numbers() const {
  std::vector<std::uint64_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    if (const auto number = number_of(at->path().filename().string())) found.push_back(*number);
  }
  if (error) throw system_error("list", folder_, error.value());
  std::sort(found.begin(), found.end());
  return found;
}

bool SegmentFolder::create(std::uint64_t number, std::size_t capacity, std::uint32_t who) const {
  const auto path = path_of(number);
  if (::access(path.c_str(), F_OK) == 0) return false;
  const auto temporary = folder_ / (hex16(number) + "-" + std::to_string(who) + "-" + hex16(random_number()) +
                                    std::string(temporary_suffix));
  SegmentHeader header{};
  std::memcpy(header.store_id, store_id_bytes(store_id_).data(), sizeof header.store_id);
  header.number = number;
  header.capacity = capacity;
  header.seed = random_number();
  int error = 0;
  try {
    const auto file = open_file(temporary, O_RDWR | O_CREAT | O_EXCL, mode_);
    allocate(file.get(), capacity, temporary);
    write_all(file.get(), encode(header), temporary);
    // link() and not rename(): it never replaces a segment that another member made meanwhile.
    if (::link(temporary.c_str(), path.c_str()) != 0) error = errno;
  } catch (...) {
    remove_quietly(temporary);
    throw;
  }
  remove_quietly(temporary);
  if (error != 0 && error != EEXIST) throw system_error("make", path, error);
  return error == 0;
}

void SegmentFolder::remove_temporary_files() const {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == temporary_suffix) remove_quietly(at->path());
  }
}

std::string SegmentFolder::find_store_id(const std::filesystem::path& folder) {
  const SegmentFolder segments(folder, {}, 0);
  for (const auto number : segments.numbers()) {
    const auto path = segments.path_of(number);
    const auto file = open_existing(path, O_RDONLY);
    if (!file) continue;
    const auto header = decode_segment_header(read_at(file->get(), 0, first_frame_offset, path));
    if (!header) continue;
    std::uint64_t halves[2];
    std::memcpy(halves, header->store_id, sizeof halves);
    return hex16(halves[0]) + hex16(halves[1]);
  }
  return {};
}

}  // namespace omnibus::embedded
