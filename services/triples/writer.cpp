#include "services/triples/writer.hpp"

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

namespace omnibus::triples {
namespace {

/// The id that the statement finds, or -1.
std::int64_t id_of(sqlite::Statement& statement) {
  const auto id = statement.step() ? statement.integer(0) : -1;
  statement.reset();
  return id;
}

std::string name_of(const Collection& collection) { return collection.user + ":" + collection.name; }

}  // namespace

void check(const catalogue::Triples& message) {
  if (!message.metadata) {
    throw ConfigError("a message of triples has no metadata",
                      "its metadata names the user and the collection that they belong to");
  }
  for (std::size_t i = 0; i < message.triples.size(); ++i) {
    const auto& triple = message.triples[i];
    if (triple.s && triple.p && triple.o) continue;
    throw ConfigError("triple " + std::to_string(i) + " of document '" + message.metadata->id + "' has no " +
                      (!triple.s   ? "subject"
                       : !triple.p ? "predicate"
                                   : "object"));
  }
}

Writer::Writer(const std::filesystem::path& file, std::chrono::milliseconds wait)
    : database_(file, format, wait),
      find_collection_(database_.prepare(find_collection)),
      find_term_(database_.prepare(find_term)),
      add_term_(database_.prepare("INSERT INTO term (collection, uri, text) VALUES (?, ?, ?)")),
      add_triple_(database_.prepare("INSERT OR IGNORE INTO triple VALUES (?, ?, ?, ?)")) {}

std::int64_t Writer::term(std::int64_t collection, const catalogue::Value& value, Terms& seen) {
  const auto [place, fresh] = seen.try_emplace({value.is_uri, value.value}, -1);
  if (!fresh) return place->second;
  const std::int64_t uri = value.is_uri ? 1 : 0;
  auto id = id_of(find_term_.bind(1, collection).bind(2, uri).bind(3, value.value));
  if (id < 0) {
    add_term_.bind(1, collection).bind(2, uri).bind(3, value.value).run();
    id = database_.inserted();
  }
  return place->second = id;
}

Written Writer::add_one(const catalogue::Triples& message, std::map<std::int64_t, Terms>& seen) {
  const auto& whose = *message.metadata;
  const auto collection = id_of(find_collection_.bind(1, whose.user).bind(2, whose.collection));
  if (collection < 0) return {.unknown_collection = true};
  auto& terms = seen[collection];
  Written out;
  for (const auto& triple : message.triples) {
    add_triple_.bind(1, collection)
        .bind(2, term(collection, *triple.s, terms))
        .bind(3, term(collection, *triple.p, terms))
        .bind(4, term(collection, *triple.o, terms))
        .run();
    database_.changes() > 0 ? ++out.fresh : ++out.known;
  }
  return out;
}

std::vector<Written> Writer::add(std::span<const catalogue::Triples* const> messages) {
  std::vector<Written> out;
  out.reserve(messages.size());
  std::map<std::int64_t, Terms> seen;
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  for (const auto* message : messages) out.push_back(add_one(*message, seen));
  together.commit();
  return out;
}

bool Writer::follow(std::int64_t version, const std::set<Collection>& wanted) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  auto followed = database_.prepare("SELECT version FROM followed");
  const bool newest = !followed.step() || version >= followed.integer(0);
  followed.reset();

  auto missing = wanted;
  std::vector<Collection> gone;
  auto all = database_.prepare("SELECT user, name FROM collection WHERE dropped = 0");
  while (all.step()) {
    Collection there{all.text(0), all.text(1)};
    if (missing.erase(there) == 0) gone.push_back(std::move(there));
  }
  all.reset();

  auto add = database_.prepare("INSERT INTO collection (user, name) VALUES (?, ?)");
  for (const auto& collection : missing) add.bind(1, collection.user).bind(2, collection.name).run();
  if (newest) {
    auto drop =
        database_.prepare("UPDATE collection SET dropped = 1 WHERE user = ? AND name = ? AND dropped = 0");
    for (const auto& collection : gone) drop.bind(1, collection.user).bind(2, collection.name).run();
    database_.prepare("UPDATE followed SET version = ?").bind(1, version).run();
  }
  together.commit();
  for (const auto& collection : missing)
    log::write(log::Level::info, "new collection " + name_of(collection));
  if (newest) {
    for (const auto& collection : gone) {
      log::write(log::Level::info, "collection " + name_of(collection) +
                                       " is gone from the configuration, and its triples with it");
    }
  }
  return newest || gone.empty();
}

bool Writer::sweep(std::size_t rows) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  auto find = database_.prepare("SELECT id, user, name FROM collection WHERE dropped = 1 LIMIT 1");
  if (!find.step()) return false;
  const auto id = find.integer(0);
  const Collection collection{find.text(1), find.text(2)};
  find.reset();

  const auto some = static_cast<std::int64_t>(rows);
  database_
      .prepare(
          "DELETE FROM triple WHERE (collection, s, p, o) IN"
          " (SELECT collection, s, p, o FROM triple WHERE collection = ? LIMIT ?)")
      .bind(1, id)
      .bind(2, some)
      .run();
  auto removed = database_.changes();
  const auto triples = removed;
  if (removed == 0) {
    database_.prepare("DELETE FROM term WHERE id IN (SELECT id FROM term WHERE collection = ? LIMIT ?)")
        .bind(1, id)
        .bind(2, some)
        .run();
    removed = database_.changes();
  }
  if (removed == 0) database_.prepare("DELETE FROM collection WHERE id = ?").bind(1, id).run();
  together.commit();
  swept_[id] += triples;
  if (removed == 0) {
    log::write(log::Level::info,
               "removed " + std::to_string(swept_[id]) + " triples of collection " + name_of(collection));
    swept_.erase(id);
  }
  return true;
}

}  // namespace omnibus::triples
