#include "services/triples/batcher.hpp"

#include <algorithm>
#include <utility>

#include <omnibus/log.hpp>

namespace omnibus::triples {
namespace {

constexpr std::size_t sweep_rows = 5000;

const std::vector<double>& batch_buckets() {
  static const std::vector<double> buckets{1, 2, 4, 8, 16, 32, 64, 128, 256};
  return buckets;
}

/// Whether the file is the matter, and not what was to be stored: the same message may be stored later.
bool is_of_the_file(const Error& error) {
  switch (error.code()) {
    case ErrorCode::unavailable:
    case ErrorCode::no_space:
    case ErrorCode::io:
    case ErrorCode::forbidden:
    case ErrorCode::corrupt:
      return true;
    default:
      return false;
  }
}

Error unknown_collection(const catalogue::Metadata& whose) {
  return {ErrorCode::not_found,
          "collection '" + whose.collection + "' of user '" + whose.user + "' is unknown, document '" +
              whose.id + "' is not stored",
          {.hint = "put the item '" + whose.user + ":" + whose.collection +
                   "' of type 'collection' into the configuration"}};
}

}  // namespace

Batcher::Batcher(Bus bus, const std::string& id, std::shared_ptr<Writer> writer, std::size_t most_messages)
    : bus_(std::move(bus)),
      id_(id),
      writer_(std::move(writer)),
      most_messages_(most_messages),
      batch_messages_(bus_.metrics().histogram("triples_batch_messages", "Messages stored in one transaction",
                                               {{"processor", id}}, batch_buckets())) {}

void Batcher::store(const catalogue::Triples& message, const framework::Context& context,
                    framework::HandlerDone done) {
  check(message);
  const std::scoped_lock lock(mutex_);
  if (closed_) throw ClosedError("the triples store is closed");
  if (leaving_ && !followed_) throw TooManyRequests("the triples store stops");
  waiting_.push_back({&message, context.flow, std::move(done)});
  wake();
}

void Batcher::follow(std::int64_t version, const std::set<Collection>& wanted) {
  bool all = false;
  try {
    all = writer_->follow(version, wanted);
  } catch (const Error& error) {
    const std::scoped_lock lock(mutex_);
    follow_trouble_ = error.what();
    throw;
  }
  const auto trouble =
      all ? std::string{}
          : "the configuration is at version " + std::to_string(version) +
                ", older than one that the triples store has followed: collections that are gone stay";
  if (!all) log::write(log::Level::warning, trouble);
  const std::scoped_lock lock(mutex_);
  follow_trouble_ = trouble;
  followed_ = sweep_ = true;
  wake();
}

void Batcher::leave() {
  std::deque<Item> left;
  {
    const std::scoped_lock lock(mutex_);
    leaving_ = true;
    if (!followed_) left.swap(waiting_);
  }
  for (auto& item : left) item.done(std::make_exception_ptr(TooManyRequests("the triples store stops")));
}

void Batcher::close() {
  std::deque<Item> left;  // not settled: they are delivered again
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.wait(lock, [this] { return !running_; });
  left.swap(waiting_);
  lock.unlock();
}

std::string Batcher::trouble() const {
  const std::scoped_lock lock(mutex_);
  return store_trouble_.empty() ? follow_trouble_ : store_trouble_;
}

void Batcher::wake() {
  if (running_ || closed_ || !followed_) return;
  running_ = true;
  bus_.post([self = shared_from_this()] { self->run(); });
}

void Batcher::run() noexcept {
  for (;;) {
    std::vector<Item> items;
    bool sweeping = false;
    {
      const std::scoped_lock lock(mutex_);
      const auto count = closed_ ? 0 : std::min(most_messages_, waiting_.size());
      std::move(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count),
                std::back_inserter(items));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      sweeping = sweep_ && !closed_;
      if (items.empty() && !sweeping) {
        running_ = false;
        changed_.notify_all();
        return;
      }
    }
    if (!items.empty()) write(items);
    if (sweeping && !sweep()) {
      const std::scoped_lock lock(mutex_);
      sweep_ = false;
    }
  }
}

void Batcher::write(std::vector<Item>& items) {
  std::vector<const catalogue::Triples*> messages;
  messages.reserve(items.size());
  for (const auto& item : items) messages.push_back(item.message);
  std::vector<Written> written;
  try {
    written = writer_->add(messages);
  } catch (...) {
    const auto error = to_error(std::current_exception());
    if (items.size() > 1 && !is_of_the_file(error)) return write_each(items);
    return fail(items, error);
  }
  note({});
  batch_messages_.observe(static_cast<double>(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i) finish(items[i], written[i]);
}

/// So that what cannot be stored fails alone.
void Batcher::write_each(std::vector<Item>& items) {
  for (auto& item : items) {
    std::vector<Item> one;
    one.push_back(std::move(item));
    write(one);
  }
}

void Batcher::finish(Item& item, const Written& written) {
  if (written.unknown_collection) {
    return item.done(std::make_exception_ptr(unknown_collection(*item.message->metadata)));
  }
  const Labels labels{{"processor", id_}, {"flow", item.flow}};
  bus_.metrics()
      .counter("triples_stored", "Triples that were new", labels)
      .add(static_cast<double>(written.fresh));
  bus_.metrics()
      .counter("triples_known", "Triples that were stored already", labels)
      .add(static_cast<double>(written.known));
  item.done(nullptr);
}

void Batcher::fail(std::vector<Item>& items, const Error& error) {
  if (!is_of_the_file(error)) {
    for (auto& item : items) item.done(std::make_exception_ptr(error));
    return;
  }
  log::write(log::Level::error,
             std::to_string(items.size()) + " messages of triples wait for the store: " + error.what());
  note(error.what());
  for (auto& item : items) item.done(std::make_exception_ptr(TooManyRequests(error.what())));
}

/// True when there is more.
bool Batcher::sweep() {
  try {
    return writer_->sweep(sweep_rows);
  } catch (...) {
    log::write(log::Level::warning,
               std::string("removing the triples of deleted collections goes on at the next change: ") +
                   to_error(std::current_exception()).what());
    return false;
  }
}

void Batcher::note(std::string store_trouble) {
  const std::scoped_lock lock(mutex_);
  store_trouble_ = std::move(store_trouble);
}

}  // namespace omnibus::triples
