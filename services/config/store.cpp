#include "services/config/store.hpp"

#include <omnibus/error.hpp>

namespace omnibus::config {
namespace {

constexpr sqlite::Database::Format format{
    .what = "configuration store",
    .application = 0x6F6D6366,  // "omcf"
    .version = 1,
    .schema =
        "CREATE TABLE config (type TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (type, key)) WITHOUT ROWID;"
        "CREATE TABLE version (id INTEGER PRIMARY KEY CHECK (id = 0), value INTEGER NOT NULL);"
        "INSERT INTO version VALUES (0, 0);"};

}  // namespace

Store::Store(const std::filesystem::path& file) : database_(file, format) {}

std::int64_t Store::read_version() const {
  auto statement = database_.prepare("SELECT value FROM version");
  return statement.step() ? statement.integer(0) : 0;
}

Snapshot Store::read() const {
  Snapshot out{.version = read_version(), .values = {}};
  auto statement = database_.prepare("SELECT type, key, value FROM config");
  while (statement.step()) out.values[statement.text(0)][statement.text(1)] = statement.text(2);
  return out;
}

std::int64_t Store::version() const {
  const std::scoped_lock lock(mutex_);
  return read_version();
}

Snapshot Store::snapshot() const {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  auto out = read();
  together.commit();
  return out;
}

std::optional<std::string> Store::get(std::string_view type, std::string_view key) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT value FROM config WHERE type = ? AND key = ?");
  statement.bind(1, type).bind(2, key);
  if (!statement.step()) return std::nullopt;
  return statement.text(0);
}

std::vector<std::pair<std::string, std::string>> Store::values(std::string_view type) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT key, value FROM config WHERE type = ? ORDER BY key");
  statement.bind(1, type);
  std::vector<std::pair<std::string, std::string>> out;
  while (statement.step()) out.emplace_back(statement.text(0), statement.text(1));
  return out;
}

Snapshot Store::apply(const Change& change, std::optional<std::int64_t> if_version,
                      const std::function<void(const Snapshot&)>& accept) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  const auto current = read_version();
  if (if_version && *if_version != current) {
    throw Error(
        ErrorCode::conflict,
        "the configuration is at version " + std::to_string(current) + ", not " + std::to_string(*if_version),
        {.retryable = true, .hint = "read it again and repeat the change"});
  }
  auto remove = database_.prepare("DELETE FROM config WHERE type = ? AND key = ?");
  for (const auto& key : change.remove) remove.bind(1, key.type).bind(2, key.key).run();
  auto put = database_.prepare("INSERT OR REPLACE INTO config VALUES (?, ?, ?)");
  for (const auto& item : change.put) put.bind(1, item.type).bind(2, item.key).bind(3, item.value).run();
  database_.prepare("UPDATE version SET value = ?").bind(1, current + 1).run();
  auto out = read();
  if (accept) accept(out);
  together.commit();
  return out;
}

}  // namespace omnibus::config
