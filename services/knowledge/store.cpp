#include "services/knowledge/store.hpp"

#include <omnibus/error.hpp>
#include <omnibus/json.hpp>

namespace omnibus::knowledge {
namespace {

using catalogue::GraphEmbeddings;
using catalogue::Triples;

constexpr sqlite::Database::Format format{
    .what = "knowledge store",
    .application = 0x6F6D6B67,  // "omkg"
    .version = 1,
    .schema =
        "CREATE TABLE piece (number INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL,"
        " core TEXT NOT NULL, kind INTEGER NOT NULL, body TEXT NOT NULL);"
        "CREATE INDEX piece_place ON piece (user, core, kind, number);"
        "CREATE TABLE load (id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, core TEXT NOT NULL,"
        " flow TEXT NOT NULL, collection TEXT NOT NULL, triples_queue TEXT NOT NULL,"
        " embeddings_queue TEXT NOT NULL, kind INTEGER NOT NULL, number INTEGER NOT NULL,"
        " last INTEGER NOT NULL);"};

/// How much one read returns, unless the first piece alone has more.
constexpr std::size_t most_pieces = 64, most_bytes = 4u << 20;

/// Vectors may hold what plain JSON has no word for.
constexpr json::Options as_it_is{.nulls = Nulls::emit};

const catalogue::Metadata& metadata_of(const std::optional<catalogue::Metadata>& metadata,
                                       std::string_view of) {
  if (metadata) return *metadata;
  throw ConfigError(std::string(of) + " have no metadata, which name user and core");
}

Place place_of(const sqlite::Statement& row, int column) {
  return {static_cast<Place::Kind>(row.integer(column)), row.integer(column + 1)};
}

template <class T>
T decode(const std::string& body) {
  auto content = json::decode<T>(body);
  content.metadata->collection = "default";
  return content;
}

}  // namespace

Store::Store(const std::filesystem::path& file) : database_(file, format), answered_(database_) {}

std::vector<std::string> Store::cores(std::string_view user) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT DISTINCT core FROM piece WHERE user = ? ORDER BY core");
  statement.bind(1, user);
  std::vector<std::string> out;
  while (statement.step()) out.push_back(statement.text(0));
  return out;
}

void Store::insert(Place::Kind kind, const catalogue::Metadata& metadata, const std::string& body) {
  database_.prepare("INSERT INTO piece (user, core, kind, body) VALUES (?, ?, ?, ?)")
      .bind(1, metadata.user)
      .bind(2, metadata.id)
      .bind(3, static_cast<std::int64_t>(kind))
      .bind(4, body)
      .run();
}

void Store::put(const Triples* triples, const GraphEmbeddings* embeddings, std::string_view request) {
  const auto triples_body = triples != nullptr ? json::encode(*triples, as_it_is) : std::string();
  const auto embeddings_body = embeddings != nullptr ? json::encode(*embeddings, as_it_is) : std::string();
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  if (answered_.contains(request)) return;
  if (triples != nullptr) {
    insert(Place::Kind::triples, metadata_of(triples->metadata, "triples"), triples_body);
  }
  if (embeddings != nullptr) {
    insert(Place::Kind::embeddings, metadata_of(embeddings->metadata, "graph embeddings"), embeddings_body);
  }
  answered_.mark(request);
  together.commit();
}

std::vector<Piece> Store::read(std::string_view user, std::string_view core, Place after,
                               std::int64_t last) const {
  std::vector<Piece> out;
  for (const auto& [place, body] : bodies(user, core, after, last)) {
    auto& piece = out.emplace_back();
    piece.place = place;
    if (place.kind == Place::Kind::triples) {
      piece.content = decode<Triples>(body);
    } else {
      piece.content = decode<GraphEmbeddings>(body);
    }
  }
  return out;
}

std::vector<std::pair<Place, std::string>> Store::bodies(std::string_view user, std::string_view core,
                                                         Place after, std::int64_t last) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare(
      "SELECT kind, number, body FROM piece WHERE user = ? AND core = ? AND (kind, number) > (?, ?)"
      " AND number <= ? ORDER BY kind, number LIMIT ?");
  statement.bind(1, user)
      .bind(2, core)
      .bind(3, static_cast<std::int64_t>(after.kind))
      .bind(4, after.number)
      .bind(5, last)
      .bind(6, static_cast<std::int64_t>(most_pieces));
  std::vector<std::pair<Place, std::string>> out;
  for (std::size_t bytes = 0; bytes < most_bytes && statement.step();) {
    out.emplace_back(place_of(statement, 0), statement.text(2));
    bytes += out.back().second.size();
  }
  return out;
}

void Store::remove(std::string_view user, std::string_view core, std::string_view request) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  if (answered_.contains(request)) return;
  database_.prepare("DELETE FROM piece WHERE user = ? AND core = ?").bind(1, user).bind(2, core).run();
  answered_.mark(request);
  together.commit();
}

void Store::add(const Load& load, std::string_view request) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  if (answered_.contains(request)) return;
  database_
      .prepare(
          "INSERT INTO load (user, core, flow, collection, triples_queue, embeddings_queue, kind, number, "
          "last)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) FROM piece))")
      .bind(1, load.user)
      .bind(2, load.core)
      .bind(3, load.flow)
      .bind(4, load.collection)
      .bind(5, load.triples_queue)
      .bind(6, load.embeddings_queue)
      .bind(7, static_cast<std::int64_t>(load.after.kind))
      .bind(8, load.after.number)
      .run();
  answered_.mark(request);
  together.commit();
}

std::vector<Load> Store::loads() const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare(
      "SELECT id, user, core, flow, collection, triples_queue, embeddings_queue, kind, number, last FROM load"
      " ORDER BY id");
  std::vector<Load> out;
  while (statement.step()) {
    out.push_back({.id = statement.integer(0),
                   .user = statement.text(1),
                   .core = statement.text(2),
                   .flow = statement.text(3),
                   .collection = statement.text(4),
                   .triples_queue = statement.text(5),
                   .embeddings_queue = statement.text(6),
                   .after = place_of(statement, 7),
                   .last = statement.integer(9)});
  }
  return out;
}

void Store::advance(std::int64_t load, Place after) {
  const std::scoped_lock lock(mutex_);
  database_.prepare("UPDATE load SET kind = ?, number = ? WHERE id = ?")
      .bind(1, static_cast<std::int64_t>(after.kind))
      .bind(2, after.number)
      .bind(3, load)
      .run();
}

void Store::finish(std::int64_t load) {
  const std::scoped_lock lock(mutex_);
  database_.prepare("DELETE FROM load WHERE id = ?").bind(1, load).run();
}

}  // namespace omnibus::knowledge
