#include "services/sqlite/answered.hpp"

namespace omnibus::sqlite {
namespace {

constexpr std::chrono::milliseconds kept = std::chrono::hours(24 * 7);

}  // namespace

Answered::Answered(Database& database) : database_(database) {
  database_.run(
      "CREATE TABLE IF NOT EXISTS answered (request TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID");
  database_.run("CREATE INDEX IF NOT EXISTS answered_time ON answered (time)");
}

bool Answered::contains(std::string_view request) const {
  if (request.empty()) return false;
  auto statement = database_.prepare("SELECT 1 FROM answered WHERE request = ?");
  return statement.bind(1, request).step();
}

void Answered::mark(std::string_view request, SystemTime now) {
  if (request.empty()) return;
  const std::int64_t time = now.time_since_epoch().count();
  database_.prepare("DELETE FROM answered WHERE time < ?").bind(1, time - kept.count()).run();
  database_.prepare("INSERT OR IGNORE INTO answered VALUES (?, ?)").bind(1, request).bind(2, time).run();
}

}  // namespace omnibus::sqlite
