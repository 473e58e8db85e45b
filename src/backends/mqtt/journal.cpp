#include "backends/mqtt/journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "backends/mqtt/reason.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::size_t record_size = 12;
constexpr std::array<char, 8> mark{'o', 'm', 'q', 't', 't', 'j', '0', '1'};
constexpr std::uint64_t long_records = 16'384;

using Bytes = std::array<unsigned char, record_size>;

void put(unsigned char* to, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<unsigned char>(value >> (8 * i));
}

std::uint64_t get(const unsigned char* from, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint64_t{from[i]} << (8 * i);
  return value;
}

/// A byte that what is not a record does not end with by chance.
unsigned char check_of(const Bytes& bytes) {
  unsigned sum = 0x5a;
  for (std::size_t i = 0; i + 1 < record_size; ++i) sum = sum * 31 + bytes[i];
  return static_cast<unsigned char>(sum ^ (sum >> 8));
}

bool write_all(int file, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(file, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

void Journal::fail(const std::string& what) const {
  throw make_error(ErrorCode::io, what + " " + path_ + ": " + std::strerror(errno), false,
                   "is the folder of the parameter state writable, and the disk not full?");
}

Journal::Journal(const std::string& folder, const std::string& name, Replay replay)
    : path_(folder + "/" + name + ".journal") {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
  if (file_ < 0) fail("cannot open");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(file_);
    throw make_error(ErrorCode::conflict, "another process uses " + path_, false,
                     "a producer name and a subscription of QoS 2 belong to one process at a time");
  }
  try {
    std::array<char, mark.size()> found{};
    const ssize_t count = ::pread(file_, found.data(), found.size(), 0);
    if (count < 0) fail("cannot read");
    const auto size = static_cast<std::size_t>(count);
    // Whoever made it may have ended before the mark was whole.
    if (size < mark.size() && std::equal(found.begin(), found.begin() + count, mark.begin())) {
      if (::ftruncate(file_, 0) != 0 || !write_all(file_, mark.data(), mark.size())) fail("cannot write");
      return;
    }
    if (found != mark) {
      throw make_error(ErrorCode::corrupt, path_ + " is no journal of sessions", false,
                       "name another folder by the parameter state, or remove the file");
    }
    Bytes bytes{};
    auto at = static_cast<off_t>(mark.size());
    for (; ::pread(file_, bytes.data(), bytes.size(), at) == static_cast<ssize_t>(record_size);
         at += static_cast<off_t>(record_size)) {
      if (bytes[record_size - 1] != check_of(bytes)) break;
      replay({.what = static_cast<What>(bytes[0]),
              .id = static_cast<std::uint16_t>(get(&bytes[1], 2)),
              .sequence = get(&bytes[3], 8)});
      ++records_;
    }
    if (::ftruncate(file_, at) != 0) fail("cannot cut");
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Journal::~Journal() { ::close(file_); }

void Journal::add(const Record& record) {
  Bytes bytes{};
  bytes[0] = static_cast<unsigned char>(record.what);
  put(&bytes[1], record.id, 2);
  put(&bytes[3], record.sequence, 8);
  bytes[record_size - 1] = check_of(bytes);
  if (!write_all(file_, bytes.data(), bytes.size())) fail("cannot write");
  ++records_;
}

bool Journal::is_long() const noexcept { return records_ >= std::max(long_records, 2 * rewritten_); }

/// In a file beside it, which then takes its place: whenever the process ends, one of them is whole.
void Journal::rewrite(UniqueFunction<void(Journal&)> write) {
  const std::string beside = path_ + ".new";
  const int fresh = ::open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
  if (fresh < 0) fail("cannot open a file beside");
  const int before = std::exchange(file_, fresh);
  const auto records = std::exchange(records_, 0);
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0 || !write_all(file_, mark.data(), mark.size())) {
      fail("cannot write a file beside");
    }
    write(*this);
    if (::rename(beside.c_str(), path_.c_str()) != 0) fail("cannot replace");
  } catch (...) {
    ::close(file_);
    file_ = before;
    records_ = records;
    throw;
  }
  ::close(before);
  rewritten_ = records_;
}

}  // namespace omnibus::mqtt
