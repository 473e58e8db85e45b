#include "services/flow/ledger.hpp"

#include <algorithm>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>
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

/// Of a name that is too long, derived_name keeps at least this beginning.
constexpr std::size_t kept_beginning = 147;

std::string name_of(const std::string& processor, std::string_view flow, std::string_view name) {
  std::string base = processor;
  base.append("--").append(flow).append("--").append(name);
  return derived_name(base, "");
}

void skip(InUse& out, const std::string& what, std::string_view why, std::string beginning) {
  log::write(log::Level::warning, "cannot tell which subscriptions " + what +
                                      " uses, so none of them is removed: " + std::string(why));
  if (beginning.size() > kept_beginning) beginning.resize(kept_beginning);
  out.unclear.push_back(std::move(beginning));
}

void collect(const std::string& processor, const std::string& definitions, InUse& out) {
  const auto what = "active-flow '" + processor + "'";
  boost::json::value variants;
  try {
    variants = json::parse(definitions, what);
  } catch (const ConfigError& error) {
    return skip(out, what, error.message(), processor + "--");
  }
  if (!variants.is_object()) return skip(out, what, "it is not a JSON object", processor + "--");
  for (const auto& [variant, names] : variants.get_object()) {
    const std::string flow(variant);
    if (!names.is_object()) {
      skip(out, what, "'" + flow + "' is not a JSON object", name_of(processor, flow, ""));
      continue;
    }
    for (const auto& [name, text] : names.get_object()) {
      if (const auto queue = durable_queue(text)) {
        out.subscriptions.push_back({flow, queue->str(), name_of(processor, flow, name)});
      }
    }
  }
}

}  // namespace

std::optional<InUse> subscriptions_of(const config::Values& values) {
  const auto active = values.find(std::string(active_type));
  if (active == values.end()) return std::nullopt;
  InUse out;
  for (const auto& [processor, definitions] : active->second) collect(processor, definitions, out);
  return out;
}

Ledger::Ledger(const std::filesystem::path& file) : database_(file, format) {}

void Ledger::observe(const InUse& in_use, SystemTime now) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  database_.run("UPDATE subscription SET present = 0");
  auto note = database_.prepare(
      "INSERT INTO subscription VALUES (?, ?, ?, NULL, 1) ON CONFLICT (queue, name)"
      " DO UPDATE SET flow = excluded.flow, unused_since = NULL, present = 1");
  for (const auto& subscription : in_use.subscriptions) {
    note.bind(1, subscription.queue).bind(2, subscription.name).bind(3, subscription.flow).run();
  }
  auto keep = database_.prepare(
      "UPDATE subscription SET unused_since = NULL, present = 1 WHERE substr(name, 1, length(?1)) = ?1");
  for (const auto& beginning : in_use.unclear) keep.bind(1, beginning).run();
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
