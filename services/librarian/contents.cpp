#include "services/librarian/contents.hpp"

#include <array>
#include <vector>

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>
#include <omnibus/framework/unique_id.hpp>

#include "services/librarian/file.hpp"

namespace omnibus::librarian {
namespace {

/// Whole groups of base64 both ways. Units: characters, bytes.
constexpr std::size_t characters = 64u << 10, bytes = characters / 4 * 3;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Decodes text that comes in pieces into a file.
class Decoder {
 public:
  explicit Decoder(const File& file) : file_(file) { pending_.reserve(characters); }

  void take(std::string_view text) {
    for (const char c : text) {
      if (is_space(c)) continue;
      if (pending_.size() == characters) write(false);
      pending_.push_back(c);
    }
  }
  void finish() { write(true); }

 private:
  void write(bool last) {
    const auto decoded = base64::decode(pending_);
    if (!decoded || (!last && pending_.back() == '=')) {
      throw Error(ErrorCode::decode, "content: not base64 (standard alphabet, padded)");
    }
    file_.write(*decoded);
    pending_.clear();
  }

  const File& file_;
  std::string pending_;
};

}  // namespace

Contents::Contents(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // a folder that is missing fails the first use, with the path in the message
  if (!std::filesystem::create_directories(folder_, ignored)) return;
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
  sync_folder(folder_.parent_path());
}

std::string Contents::add(std::string_view base64_text) const {
  auto id = framework::unique_id();
  const auto unfinished = folder_ / (id + ".new");
  try {
    const auto file = File::create(unfinished);
    Decoder decoder(file);
    decoder.take(base64_text);
    decoder.finish();
    file.sync();
    std::filesystem::rename(unfinished, folder_ / id);
    sync_folder(folder_);
  } catch (...) {
    std::error_code ignored;  // the next start sweeps what stays
    std::filesystem::remove(unfinished, ignored);
    throw;
  }
  return id;
}

std::string Contents::read(const std::string& id) const {
  const auto file = File::open(folder_ / id);
  std::string out(file.size(), '\0');
  out.resize(file.read(out));
  return out;
}

std::string Contents::read_base64(const std::string& id) const {
  const auto file = File::open(folder_ / id);
  std::string out;
  out.reserve((file.size() + 2) / 3 * 4);
  std::vector<char> piece(bytes);
  while (const auto got = file.read(piece)) out += base64::encode({piece.data(), got});
  return out;
}

void Contents::remove(const std::string& id) const {
  std::error_code failure;
  std::filesystem::remove(folder_ / id, failure);
  if (failure) {
    throw Error(ErrorCode::io, "cannot remove " + (folder_ / id).string() + ": " + failure.message());
  }
}

std::size_t Contents::sweep(const std::set<std::string>& known) const {
  std::vector<std::filesystem::path> strays;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (!known.contains(entry.path().filename().string())) strays.push_back(entry.path());
  }
  for (const auto& stray : strays) std::filesystem::remove(stray);
  return strays.size();
}

}  // namespace omnibus::librarian
