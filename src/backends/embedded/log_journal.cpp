#include "backends/embedded/log_journal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/record_codec.hpp"
#include "backends/embedded/scratch.hpp"

namespace omnibus::embedded {
namespace {

/// Messages of a best-effort queue and what becomes of them.
bool is_best_effort(const State& state, const Record& record) {
  const Queue* queue = nullptr;
  const auto of = [&](SubscriptionId id) {
    const auto* subscription = state.subscription(id);
    return subscription == nullptr ? nullptr : state.queue(subscription->queue);
  };
  if (const auto* publish = std::get_if<record::Publish>(&record)) queue = state.queue(publish->queue);
  if (const auto* drop = std::get_if<record::Drop>(&record)) queue = state.queue(drop->queue);
  if (const auto* lease = std::get_if<record::Lease>(&record)) queue = of(lease->subscription);
  if (const auto* ack = std::get_if<record::Acknowledge>(&record)) queue = of(ack->subscription);
  if (const auto* given = std::get_if<record::Return>(&record)) queue = of(given->subscription);
  return queue != nullptr && queue->best_effort;
}

constexpr auto keeping_interval = std::chrono::seconds(30);
/// Segments are emptied by the way when they are at most one so-manyth in use: what is history in them goes
/// by itself before long, and should not be copied.
constexpr std::uint64_t worth_emptying = 4;
/// And so much is copied between two checkpoints, so that disk use does not grow by all of it first.
constexpr std::uint64_t most_copied = std::uint64_t{256} << 20;
/// So many large bodies that could go are worth a sync of their own.
constexpr std::size_t many_blobs = 8;

Content* content_of(Record& record) {
  if (auto* publish = std::get_if<record::Publish>(&record)) return &publish->content;
  if (auto* relocate = std::get_if<record::Relocate>(&record)) return &relocate->content;
  return nullptr;
}

}  // namespace

LogJournal::LogJournal(LogOptions options, std::uint64_t checkpoint_interval) {
  committed_.log = Log::open(std::move(options));
  self_ = committed_.log->self().generation;
  upkeep_ = std::make_unique<Upkeep>(*committed_.log, checkpoint_interval);
}

LogJournal::~LogJournal() { stop(); }

bool LogJournal::alive(OwnerId owner) const {
  if (owner == self_) return true;
  const auto members = committed_.log->members();
  return std::any_of(members.begin(), members.end(),
                     [owner](const Member& member) { return member.id.generation == owner; });
}

void LogJournal::restore(State& state, Effects& effects) {
  const auto known = upkeep_->restore(state);
  committed_.cursor = committed_.log->cursor(known);
  committed_.applied = known;
  committed_.log->applied(known);
  read(committed_, state, effects, false);
  upkeep_->remove_leftovers(state);
}

void LogJournal::start(Listener listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
  followers_.emplace_back([this](const std::stop_token& stop) { follow(committed_, stop); });
  committed_.log->watch([this](const Member& member) { listener_.gone(member.id.generation); });
  tidied_ = Clock::now();
  keeper_.start(keeping_interval, [this](const std::stop_token& stop) { return keep(stop); });
}

/// One round of upkeep. False when it failed.
bool LogJournal::keep(const std::stop_token& stop) {
  try {
    if (const auto now = Clock::now(); now - tidied_ >= keeping_interval) {
      tidied_ = now;
      listener_.tidy();
    }
    const std::lock_guard round(upkeep_round_);
    if (upkeep_->due()) {
      upkeep_->look_at_disk();
      const auto use = upkeep_->due() ? write_checkpoint() : std::nullopt;
      const Cleaner cleaner(*committed_.log, listener_);
      if (use)
        cleaner.empty(cleaner.choose(*use, worth_emptying), [&stop](std::uint64_t done, std::uint64_t) {
          return done < most_copied && !stop.stop_requested();
        });
    }
    if (upkeep_->sweep() > 0) {
      committed_.log->sync();
      upkeep_->sweep();
    }
    return true;
  } catch (...) {  // of memory or files too: nobody above would catch it
    const auto error = to_error(std::current_exception());
    if (error.code() != ErrorCode::closed) {
      log::write(log::Level::warning,
                 std::string("cannot keep the store small, trying again: ") + error.what());
    }
    return false;
  }
}

std::optional<SegmentUse> LogJournal::write_checkpoint() {
  std::optional<Upkeep::Draft> draft;
  listener_.look([&](const State& state) { draft = upkeep_->draft(state, mark()); });
  if (!draft || !upkeep_->write(*draft)) return std::nullopt;
  return std::move(draft->use);
}

Cleaner::Copied LogJournal::clean(const SegmentUse& use, const Cleaner::Progress& progress) const {
  const Cleaner cleaner(*committed_.log, listener_);
  return cleaner.empty(cleaner.choose(use, 2), progress);
}

std::optional<SegmentUse> LogJournal::checkpoint_now() {
  const std::lock_guard round(upkeep_round_);
  upkeep_->look_at_disk();
  return write_checkpoint();
}

bool LogJournal::remove_unneeded() {
  const std::lock_guard round(upkeep_round_);
  committed_.log->sync();
  upkeep_->sweep();
  return upkeep_->remove_unneeded();
}

void LogJournal::want_best_effort() {
  const std::lock_guard lock(mutex_);
  if (best_effort_ready_) return;
  auto options = committed_.log->options();
  options.permissions_like = options.directory;
  options.directory = volatile_directory(options.directory, committed_.log->store_id());
  options.volatile_log = true;
  best_effort_.log = Log::open(std::move(options));
  best_effort_.applied = best_effort_.log->end();
  best_effort_.cursor = best_effort_.log->cursor(best_effort_.applied);
  best_effort_ready_ = true;
  followers_.emplace_back([this](const std::stop_token& stop) { follow(best_effort_, stop); });
}

void LogJournal::stop() noexcept {
  std::vector<std::jthread> followers;
  {
    const std::lock_guard lock(mutex_);
    followers.swap(followers_);
  }
  for (auto& follower : followers) follower.request_stop();
  if (committed_.log) committed_.log->interrupt();
  if (best_effort_.log) best_effort_.log->interrupt();
  followers.clear();
  keeper_.stop();
  if (committed_.log && listener_.look) keep_at_close();
  best_effort_.log.reset();
  committed_.log.reset();
}

/// So that the next one to open does not have to replay.
void LogJournal::keep_at_close() noexcept {
  try {
    if (upkeep_->due_at_close()) {
      upkeep_->look_at_disk();
      if (upkeep_->due_at_close()) write_checkpoint();
    }
    upkeep_->sweep();
  } catch (...) {
    const auto error = to_error(std::current_exception());
    log::write(log::Level::warning,
               std::string("no checkpoint at the close, the next open replays more: ") + error.what());
  }
}

void LogJournal::discard_blob(std::uint64_t blob, std::uint64_t mark) {
  if (upkeep_->discard(blob, mark) >= many_blobs) keeper_.poke();
}

void LogJournal::follow(Place& place, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto seen = place.applied.load();
    try {
      if (!place.log->wait(seen, TimePoint::max())) continue;
      if (place.log->end() <= place.applied.load()) continue;  // written or read by another thread meanwhile
      listener_.changed();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::closed) return;  // in the child of a fork
      log::write(log::Level::warning, std::string("cannot follow the store: ") + error.what());
    }
    // What could not be applied is not tried in a tight loop.
    if (place.applied.load() == seen) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void LogJournal::note_growth(const Place& place, const FrameView& frame) {
  if (&place != &committed_) return;
  upkeep_->grew(frame.size);
  if (upkeep_->due()) keeper_.poke();
}

void LogJournal::read(Place& place, State& state, Effects& effects, bool best_effort) {
  if (place.log->end() < place.cursor.next()) return;
  Scratch<Record> records;
  FrameView frame;
  Gap gap;
  for (auto got = place.log->read(place.cursor, frame, gap); got != ReadResult::end;
       got = place.log->read(place.cursor, frame, gap)) {
    if (got == ReadResult::frame) note_growth(place, frame);
    if (got == ReadResult::gap) {
      if (best_effort) effects.missed += gap.last - gap.first + 1;
      continue;
    }
    try {
      records->clear();
      decode_frame(frame, *records);
      for (auto& record : *records) {
        if (auto* publish = std::get_if<record::Publish>(&record); best_effort && publish != nullptr) {
          publish->sequence = frame.sequence;
        }
        state.apply(std::move(record), effects);
      }
    } catch (const Error& error) {
      log::write(log::Level::error, "frame " + std::to_string(frame.sequence) +
                                        " of the store has no meaning and is skipped: " + error.what());
    }
  }
  place.applied = place.cursor.next() - 1;
  place.log->applied(place.applied);
}

void LogJournal::catch_up(State& state, Effects& effects) {
  read(committed_, state, effects, false);
  if (auto* place = best_effort()) read(*place, state, effects, true);
}

void LogJournal::enter(State& state, Effects& effects, Duration waited) {
  section_.emplace(committed_.log->lock(waited));
  try {
    catch_up(state, effects);
  } catch (...) {
    section_.reset();
    throw;
  }
}

void LogJournal::leave() noexcept {
  section_.reset();
  if (!std::exchange(appended_, false)) return;
  committed_.log->applied(committed_.applied);
  committed_.log->wake();
}

void LogJournal::commit(State& state, std::span<Record> records, Effects& effects) {
  if (is_best_effort(state, records.front())) return commit_best_effort(state, records, effects);
  append(committed_, *section_, state, records, effects);
  appended_ = true;
}

void LogJournal::commit_best_effort(State& state, std::span<Record> records, Effects& effects) {
  if (!std::holds_alternative<record::Publish>(records.front())) {
    for (const auto& record : records) state.apply(record, effects);
    return;
  }
  auto& log = *best_effort_.log;
  {
    auto section = log.lock();
    read(best_effort_, state, effects, true);
    append(best_effort_, section, state, records, effects);
  }
  log.wake();
}

void LogJournal::append(Place& place, Log::Section& section, State& state, std::span<Record> records,
                        Effects& effects) {
  bytes_.clear();
  places_.clear();
  for (const auto& record : records) encode_record(record, bytes_, places_);
  const std::string_view part = bytes_;
  const auto frame =
      place.log->append(section, {&part, 1}, places_.empty() ? Log::Room::all : Log::Room::spare);
  place.cursor.skip(frame);
  place.applied = frame.sequence;
  note_growth(place, frame);
  auto at = places_.begin();
  for (auto& record : records) {
    if (auto* content = content_of(record)) *content = content_in(frame, *at++, content->size, content->blob);
    if (auto* publish = std::get_if<record::Publish>(&record);
        publish != nullptr && &place == &best_effort_) {
      publish->sequence = frame.sequence;
    }
    state.apply(std::move(record), effects);
  }
}

void LogJournal::confirm(std::uint64_t mark, Completion done) {
  try {
    committed_.log->confirm(mark, std::move(done));
  } catch (const Error& error) {
    if (done) done(&error);
  }
}

Content LogJournal::store(const driver::Outgoing& message, bool best_effort, bool apart) {
  if (!apart && message.payload.size() <= blob_threshold) return encode_message(message);
  const auto& log = best_effort ? best_effort_.log : committed_.log;
  const auto blob = log->write_blob(message.payload);
  const BlobReference reference{blob.id, blob.length, blob.crc};
  return encode_message(message, &reference);
}

Content LogJournal::prepare(const driver::Outgoing& message, bool best_effort) {
  if (message.payload.size() > blob_threshold) return store(message, best_effort, false);
  Content content;
  content.size = encoded_size(message);
  content.unwritten = &message;
  return content;
}

void LogJournal::load(const Content& content, bool best_effort, driver::Delivery& delivery) {
  const auto& log = best_effort ? best_effort_.log : committed_.log;
  if (content.data == nullptr)
    throw Error(ErrorCode::io, "its frame cannot be read", {.backend = "embedded"});
  decode_message(
      content,
      [&](const BlobReference& reference) {
        auto mapping = log->open_blob({reference.id, reference.length, reference.crc});
        const auto bytes = mapping->bytes();
        return driver::Body(std::move(mapping), bytes);
      },
      delivery);
  if (content.segment != 0 && static_cast<const Mapping*>(content.owner.get())->faulted()) {
    throw Error(ErrorCode::io, "the disk failed to give the message back", {.backend = "embedded"});
  }
}

}  // namespace omnibus::embedded
