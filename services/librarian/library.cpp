#include "services/librarian/library.hpp"

#include <omnibus/framework/unique_id.hpp>
#include <omnibus/json.hpp>

namespace omnibus::librarian {
namespace {

using catalogue::DocumentMetadata;
using catalogue::ProcessingMetadata;

/// `metadata` is the JSON text of the catalogue's struct.
constexpr sqlite::Database::Format format{
    .what = "library",
    .application = 0x6F6D6C62,  // "omlb"
    .version = 1,
    .schema =
        "CREATE TABLE document (user TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL,"
        " metadata TEXT NOT NULL, PRIMARY KEY (user, id)) WITHOUT ROWID;"
        "CREATE TABLE processing (user TEXT NOT NULL, id TEXT NOT NULL, metadata TEXT NOT NULL,"
        " PRIMARY KEY (user, id)) WITHOUT ROWID;"};

/// Tags that were null come back empty.
template <class T>
T decode(const std::string& text) {
  auto out = json::decode<T>(text);
  if (!out.tags) out.tags.emplace();
  return out;
}

}  // namespace

Library::Library(const std::filesystem::path& file) : database_(file, format), answered_(database_) {
  sqlite::Transaction together(database_);
  database_.run(
      "CREATE TABLE IF NOT EXISTS name (id INTEGER PRIMARY KEY CHECK (id = 0), text TEXT NOT NULL)");
  database_.prepare("INSERT OR IGNORE INTO name VALUES (0, ?)").bind(1, framework::unique_id()).run();
  together.commit();
}

std::string Library::name() const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT text FROM name");
  statement.step();
  return statement.text(0);
}

bool Library::answered(std::string_view request) const {
  const std::scoped_lock lock(mutex_);
  return answered_.contains(request);
}

void Library::change(std::string_view sql, const std::vector<std::string_view>& values,
                     std::string_view request) {
  const std::scoped_lock lock(mutex_);
  sqlite::Transaction together(database_);
  auto statement = database_.prepare(sql);
  for (int index = 1; const auto value : values) statement.bind(index++, value);
  statement.run();
  answered_.mark(request);
  together.commit();
}

template <class T>
std::vector<T> Library::list(std::string_view sql, std::string_view user) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare(sql);
  statement.bind(1, user);
  std::vector<T> out;
  while (statement.step()) out.push_back(decode<T>(statement.text(0)));
  return out;
}

std::optional<Stored> Library::document(std::string_view user, std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT metadata, content FROM document WHERE user = ? AND id = ?");
  statement.bind(1, user).bind(2, id);
  if (!statement.step()) return std::nullopt;
  return Stored{decode<DocumentMetadata>(statement.text(0)), statement.text(1)};
}

std::vector<DocumentMetadata> Library::documents(std::string_view user) const {
  return list<DocumentMetadata>("SELECT metadata FROM document WHERE user = ? ORDER BY id", user);
}

std::set<std::string> Library::contents() const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT content FROM document");
  std::set<std::string> out;
  while (statement.step()) out.insert(statement.text(0));
  return out;
}

void Library::add(const Stored& document, std::string_view request) {
  const auto& metadata = document.metadata;
  const auto text = json::encode(metadata);
  change("INSERT INTO document (user, id, content, metadata) VALUES (?, ?, ?, ?)",
         {metadata.user, metadata.id, document.content, text}, request);
}

void Library::update(const DocumentMetadata& document, std::string_view request) {
  const auto text = json::encode(document);
  change("UPDATE document SET metadata = ? WHERE user = ? AND id = ?", {text, document.user, document.id},
         request);
}

void Library::remove_document(std::string_view user, std::string_view id, std::string_view request) {
  change("DELETE FROM document WHERE user = ? AND id = ?", {user, id}, request);
}

bool Library::has_processing(std::string_view user, std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  auto statement = database_.prepare("SELECT 1 FROM processing WHERE user = ? AND id = ?");
  return statement.bind(1, user).bind(2, id).step();
}

std::vector<ProcessingMetadata> Library::processing(std::string_view user) const {
  return list<ProcessingMetadata>("SELECT metadata FROM processing WHERE user = ? ORDER BY id", user);
}

void Library::add(const ProcessingMetadata& processing, std::string_view request) {
  const auto text = json::encode(processing);
  change("INSERT INTO processing (user, id, metadata) VALUES (?, ?, ?)",
         {processing.user, processing.id, text}, request);
}

void Library::remove_processing(std::string_view user, std::string_view id, std::string_view request) {
  change("DELETE FROM processing WHERE user = ? AND id = ?", {user, id}, request);
}

}  // namespace omnibus::librarian
