#pragma once

/// The file that the triples store and the triples query share.

#include "services/sqlite/database.hpp"

namespace omnibus::triples {

/// Each collection has terms of its own, so that it can go as a whole. The primary key and the two indexes of
/// `triple` begin with every set of known parts: s, sp, spo; p, po; o, os; and the collection alone.
inline constexpr sqlite::Database::Format format{
    .what = "triples store",
    .application = 0x6F6D7472,  // "omtr"
    .version = 1,
    .schema =
        "CREATE TABLE collection (id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL,"
        " name TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0);"
        "CREATE UNIQUE INDEX collection_name ON collection (user, name) WHERE dropped = 0;"
        "CREATE INDEX collection_dropped ON collection (id) WHERE dropped = 1;"
        "CREATE TABLE term (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, uri INTEGER NOT NULL,"
        " text TEXT NOT NULL);"
        "CREATE UNIQUE INDEX term_text ON term (collection, uri, text);"
        "CREATE TABLE triple (collection INTEGER NOT NULL, s INTEGER NOT NULL, p INTEGER NOT NULL,"
        " o INTEGER NOT NULL, PRIMARY KEY (collection, s, p, o)) WITHOUT ROWID;"
        "CREATE INDEX triple_pos ON triple (collection, p, o, s);"
        "CREATE INDEX triple_osp ON triple (collection, o, s, p);"
        "CREATE TABLE followed (id INTEGER PRIMARY KEY CHECK (id = 0), version INTEGER NOT NULL);"
        "INSERT INTO followed VALUES (0, -1);"};

inline constexpr std::string_view find_collection =
    "SELECT id FROM collection WHERE user = ? AND name = ? AND dropped = 0";
inline constexpr std::string_view find_term =
    "SELECT id FROM term WHERE collection = ? AND uri = ? AND text = ?";

}  // namespace omnibus::triples
