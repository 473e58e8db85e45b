#include "backends/embedded/log/log.hpp"

#include <charconv>

#include <omnibus/log.hpp>

#include "backends/embedded/log/log_state.hpp"

namespace omnibus::embedded {

Durability Durability::parse(std::string_view text) {
  constexpr std::string_view group = "group:";
  if (text == "sync") return {};
  if (text == "process") return {.level = Level::process};
  std::uint32_t milliseconds = 0;
  if (text.starts_with(group)) {
    const auto number = text.substr(group.size());
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), milliseconds);
    if (error == std::errc() && end == number.data() + number.size() && milliseconds >= 1 &&
        milliseconds <= 60'000)
      return {.level = Level::group, .interval = std::chrono::milliseconds(milliseconds)};
  }
  throw ConfigError("durability '" + std::string(text) + "' is unknown",
                    "write sync, group:N with N from 1 to 60000 milliseconds, or process");
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<Log> Log::open(LogOptions options) {
  Report report = options.report;
  if (!report) report = [](const std::string& text) { log::write(log::Level::warning, text); };
  auto opened = open_store(options, report);
  return std::unique_ptr<Log>(
      new Log(std::make_unique<State>(std::move(options), std::move(report), std::move(opened))));
}

Log::~Log() = default;

const std::string& Log::store_id() const noexcept { return state_->id; }
const LogOptions& Log::options() const noexcept { return state_->options; }
bool Log::first_member() const noexcept { return state_->first; }

Log::Section Log::lock(Duration waited) {
  state_->check_usable();
  state_->committer.lock(waited);
  return Section(this);
}

void Log::Section::release() noexcept {
  auto* const log = std::exchange(log_, nullptr);
  if (log == nullptr) return;
  auto& state = *log->state_;
  const bool hungry = state.committer.take_hungry();
  state.committer.unlock();
  if (!hungry) return;
  try {
    state.background.wake();
  } catch (const std::exception&) {
    // No thread to be had: appends make their segments themselves, and confirm() will tell.
  }
}

FrameView Log::append(Section&, std::span<const std::string_view> parts, Room room) {
  return state_->committer.append(parts, room);
}

std::uint64_t Log::end() const noexcept { return state_->control->end.load(std::memory_order_acquire); }
std::uint64_t Log::synced() const noexcept { return state_->control->synced.load(std::memory_order_acquire); }

Cursor Log::cursor(std::uint64_t after) const {
  state_->check_usable();
  return state_->reader.cursor(after);
}

ReadResult Log::read(Cursor& cursor, FrameView& frame, Gap& gap) const {
  state_->check_usable();
  return state_->reader.read(cursor, frame, gap);
}

FrameView Log::read_at(FramePosition position) const {
  state_->check_usable();
  return state_->reader.read_at(position);
}

void Log::wake() noexcept {
  auto& control = *state_->control;
  control.wake_word.fetch_add(1);
  const auto bit = sleeper_bit(state_->self.slot);
  const auto others = bit == 1 ? ~std::uint32_t{0} : ~bit;
  if ((control.sleepers.load() & others) == 0) return;
  if ((control.sleepers.fetch_and(~others) & others) != 0) futex_wake(control.wake_word, others);
}

bool Log::wait(std::uint64_t seen, TimePoint deadline, Duration spin) {
  state_->check_usable();
  return state_->wait(seen, deadline, spin);
}

void Log::interrupt() noexcept {
  state_->interrupted.store(true);
  state_->control->wake_word.fetch_add(1);
  futex_wake(state_->control->wake_word, sleeper_bit(state_->self.slot));
}

void Log::confirm(std::uint64_t sequence, Completion done) {
  state_->check_usable();
  if (state_->syncer.confirm(sequence, done)) state_->background.wake();
}

bool Log::confirmed(std::uint64_t sequence) {
  if (state_->forked()) return false;
  bool wake = false;
  const bool now = state_->syncer.confirmed(sequence, wake);
  if (wake) state_->background.wake();
  return now;
}

void Log::sync() {
  state_->check_usable();
  state_->syncer.sync_now();
}

Blob Log::write_blob(std::string_view bytes) {
  state_->check_usable();
  return state_->blobs.write(bytes);
}

std::shared_ptr<const Mapping> Log::open_blob(const Blob& blob) const { return state_->blobs.open(blob); }
void Log::remove_blob(BlobId id) noexcept { state_->blobs.remove(id); }
std::vector<BlobFile> Log::blobs() const { return state_->blobs.list(); }

const std::vector<BlobFile>& Log::leftover_blobs() const noexcept { return state_->leftover_blobs; }

bool Log::write_checkpoint(std::uint64_t sequence, std::string_view bytes) {
  state_->check_usable();
  return state_->write_checkpoint(sequence, bytes);
}

std::optional<Checkpoint> Log::checkpoint() const { return state_->checkpoints.load(state_->report); }
std::vector<Checkpoint> Log::checkpoints() const { return state_->checkpoints.all(); }
std::vector<SegmentInfo> Log::segments() const { return state_->list_segments(); }

std::uint64_t Log::remove_before(std::uint64_t sequence) {
  state_->check_usable();
  return state_->remove_before(sequence);
}

void Log::applied(std::uint64_t sequence) noexcept { state_->members.applied(sequence); }
MemberId Log::self() const noexcept { return state_->self; }
std::vector<Member> Log::members() const { return state_->members.list(); }
bool Log::alive(const MemberId& member) const noexcept { return state_->members.alive(member); }

void Log::watch(std::function<void(const Member&)> gone) {
  state_->check_usable();
  state_->background.watch(std::move(gone));
}

void Log::track(const MemberId& member) {
  state_->check_usable();
  state_->background.track(member);
}

}  // namespace omnibus::embedded
