#include <cerrno>
#include <cstring>

#include "backends/embedded/log/store_folder.hpp"

namespace omnibus::embedded {
namespace {

struct CheckpointHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t crc;  ///< of the bytes behind the header
  std::uint64_t sequence;
  std::uint64_t length;
  std::uint32_t reserved;
  std::uint32_t header_crc;  ///< of the bytes before
};
static_assert(sizeof(CheckpointHeader) == 40);

constexpr char checkpoint_magic[8] = {'O', 'M', 'N', 'I', 'C', 'H', 'K', '\n'};

std::uint32_t crc_of(const CheckpointHeader& header) {
  return crc32c({reinterpret_cast<const char*>(&header), offsetof(CheckpointHeader, header_crc)});
}

std::optional<CheckpointHeader> decode(std::string_view bytes) {
  CheckpointHeader header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const bool fits = std::memcmp(header.magic, checkpoint_magic, sizeof checkpoint_magic) == 0 &&
                    header.version == 1 && header.header_crc == crc_of(header);
  return fits ? std::optional(header) : std::nullopt;
}

}  // namespace

std::optional<Checkpoint> decode_checkpoint(std::string bytes) {
  const auto header = decode(bytes);
  if (!header || bytes.size() != sizeof *header + header->length) return std::nullopt;
  bytes.erase(0, sizeof *header);
  if (crc32c(bytes) != header->crc) return std::nullopt;
  return Checkpoint{.sequence = header->sequence, .bytes = std::move(bytes)};
}

std::optional<Checkpoint> CheckpointFile::load(const Report& report) const {
  for (const auto* name : checkpoint_names) {
    const auto path = folder_ / name;
    auto bytes = read_file(path);
    if (!bytes) continue;
    if (auto checkpoint = decode_checkpoint(std::move(*bytes))) return checkpoint;
    report("store " + folder_.string() + ": the file `" + name +
           "` is damaged and is not used; replay starts further back");
  }
  return std::nullopt;
}

std::vector<Checkpoint> CheckpointFile::all() const {
  std::vector<Checkpoint> valid;
  for (const auto* name : checkpoint_names) {
    auto bytes = read_file(folder_ / name);
    auto checkpoint = bytes ? decode_checkpoint(std::move(*bytes)) : std::nullopt;
    if (checkpoint) valid.push_back(std::move(*checkpoint));
  }
  return valid;
}

std::uint64_t CheckpointFile::newest_sequence() const {
  for (const auto* name : checkpoint_names) {
    const auto path = folder_ / name;
    const auto file = open_existing(path, 0);
    const auto header = file ? decode(read_at(file->get(), 0, sizeof(CheckpointHeader), path)) : std::nullopt;
    if (header) return header->sequence;
  }
  return 0;
}

void CheckpointFile::store(std::uint64_t sequence, std::string_view bytes) const {
  CheckpointHeader header{};
  std::memcpy(header.magic, checkpoint_magic, sizeof header.magic);
  header.version = 1;
  header.crc = crc32c(bytes);
  header.sequence = sequence;
  header.length = bytes.size();
  header.header_crc = crc_of(header);
  std::string text(reinterpret_cast<const char*>(&header), sizeof header);
  text += bytes;
  // A third name, linked before it becomes the newest: at every instant one of the two names is complete.
  const auto newest = folder_ / checkpoint_names[0];
  if (std::filesystem::exists(newest)) {
    const auto kept = folder_ / "checkpoint.keep";
    remove_quietly(kept);
    std::error_code error;
    std::filesystem::create_hard_link(newest, kept, error);
    if (!error) std::filesystem::rename(kept, folder_ / checkpoint_names[1], error);
  }
  replace_file(newest, folder_ / "checkpoint.new", text, mode_, true);
}

}  // namespace omnibus::embedded
