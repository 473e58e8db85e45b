#include "services/flow/ledger.hpp"

#include <algorithm>

#include <omnibus/error.hpp>
#include <omnibus/queue_name.hpp>

#include "services/flow/plan.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::flow {
namespace {

constexpr sqlite::Database::Format format{
    .what = "flow ledger",
    .application = 0x6F6D666C,  // "omfl"
    .version = 1,
    .schema =
        "CREATE TABLE subscription (queue TEXT NOT NULL, name TEXT NOT NULL, flow TEXT NOT NULL,"
        " unused_since INTEGER, present INTEGER NOT NULL, PRIMARY KEY (queue, name)) WITHOUT ROWID;"};

std::int64_t milliseconds(SystemTime time) { return time.time_since_epoch().count(); }

/// A queue whose subscriptions outlive their consumers; empty for any other text.
std::optional<QueueName> durable_queue(const boost::json::value& text) {
  if (!text.is_string()) return std::nullopt;
  try {
    auto queue = QueueName::parse(text.get_string());
    if (queue.qos != Qos::best_effort) return queue;
  } catch (const ConfigError&) {
    return std::nullopt;  // a parameter's value, not a queue
  }
  return std::nullopt;
}

void collect(const std::string& processor, const std::string& definitions, std::vector<Subscription>& out) {
  const auto what = "active-flow '" + processor + "'";
  const auto variants = json::parse(definitions, what);
  if (!variants.is_object()) throw ConfigError(what + " is not a JSON object");
  for (const auto& [variant, names] : variants.get_object()) {
    if (!names.is_object()) throw ConfigError(what + ": '" + std::string(variant) + "' is not a JSON object");
    for (const auto& [name, text] : names.get_object()) {
      const auto queue = durable_queue(text);
      if (!queue) continue;
      const std::string flow(variant);
      out.push_back(
          {flow, queue->str(), derived_name(processor + "--" + flow + "--" + std::string(name), "")});
    }
  }
}

}  // namespace

std::optional<std::vector<Subscription>> subscriptions_of(const config::Values& values) {
  const auto active = values.find(std::string(active_type));
  if (active == values.end()) return std::nullopt;
  std::vector<Subscription> out;
  for (const auto& [processor, definitions] : active->second) collect(processor, definitions, out);
  return out;
}

Ledger::Ledger(const std::filesystem::path& file) : database_(file, format) {}

void Ledger::observe(const std::vector<Subscription>& present, SystemTime now) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  database_.run("UPDATE subscription SET present = 0");
  auto note = database_.prepare(
      "INSERT INTO subscription VALUES (?, ?, ?, NULL, 1) ON CONFLICT (queue, name)"
      " DO UPDATE SET flow = excluded.flow, unused_since = NULL, present = 1");
  for (const auto& subscription : present) {
    note.bind(1, subscription.queue).bind(2, subscription.name).bind(3, subscription.flow).run();
  }
  database_.prepare("UPDATE subscription SET unused_since = ? WHERE present = 0 AND unused_since IS NULL")
      .bind(1, milliseconds(now))
      .run();
  together.commit();
}

std::vector<Subscription> Ledger::unused_since(SystemTime limit) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare(
      "SELECT flow, queue, name FROM subscription WHERE unused_since <= ? ORDER BY unused_since, name");
  statement.bind(1, milliseconds(limit));
  std::vector<Subscription> out;
  while (statement.step()) out.push_back({statement.text(0), statement.text(1), statement.text(2)});
  return out;
}

std::optional<SystemTime> Ledger::oldest() const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT min(unused_since) FROM subscription");
  if (!statement.step() || statement.is_null(0)) return std::nullopt;
  return SystemTime(std::chrono::milliseconds(statement.integer(0)));
}

void Ledger::forget(const Subscription& subscription) {
  const std::scoped_lock lock(mutex_);
  database_.prepare("DELETE FROM subscription WHERE queue = ? AND name = ?")
      .bind(1, subscription.queue)
      .bind(2, subscription.name)
      .run();
}

}  // namespace omnibus::flow
