#include "services/triples/reader.hpp"

#include <array>
#include <optional>

#include <omnibus/error.hpp>

namespace omnibus::triples {
namespace {

std::int64_t limit_of(const catalogue::TriplesQueryRequest& request) {
  if (request.limit < 0) {
    throw ConfigError("limit is " + std::to_string(request.limit),
                      "give at least 1, or nothing for " + std::to_string(default_limit));
  }
  return request.limit == 0 ? default_limit : request.limit;
}

std::optional<std::int64_t> id_of(sqlite::Statement& statement) {
  std::optional<std::int64_t> id;
  if (statement.step()) id = statement.integer(0);
  statement.reset();
  return id;
}

catalogue::Value value_at(const sqlite::Statement& row, int column) {
  return {.value = row.text(column + 1), .is_uri = row.integer(column) != 0};
}

}  // namespace

std::string query_sql(bool s, bool p, bool o) {
  // CROSS JOIN keeps the order: the triples by their index, then each term by its key.
  return std::string(
             "SELECT st.uri, st.text, pt.uri, pt.text, ot.uri, ot.text FROM triple AS t"
             " CROSS JOIN term AS st ON st.id = t.s CROSS JOIN term AS pt ON pt.id = t.p"
             " CROSS JOIN term AS ot ON ot.id = t.o WHERE t.collection = ?") +
         (s ? " AND t.s = ?" : "") + (p ? " AND t.p = ?" : "") + (o ? " AND t.o = ?" : "") + " LIMIT ?";
}

Reader::Reader(const std::filesystem::path& file)
    : database_(file, format),
      find_collection_(database_.prepare(find_collection)),
      find_term_(database_.prepare(find_term)) {}

std::vector<catalogue::Triple> Reader::find(const catalogue::TriplesQueryRequest& request, std::size_t most) {
  const auto limit = limit_of(request);
  sqlite::Transaction moment(database_, sqlite::Transaction::Kind::read);
  const auto collection = id_of(find_collection_.bind(1, request.user).bind(2, request.collection));
  if (!collection) return {};

  auto rows =
      database_.prepare(query_sql(request.s.has_value(), request.p.has_value(), request.o.has_value()));
  int parameter = 0;
  rows.bind(++parameter, *collection);
  for (const auto* part : std::array{&request.s, &request.p, &request.o}) {
    if (!*part) continue;
    const auto& value = **part;
    const auto id = id_of(find_term_.bind(1, *collection)
                              .bind(2, std::int64_t{value.is_uri})
                              .bind(3, std::string_view(value.value)));
    if (!id) return {};
    rows.bind(++parameter, *id);
  }
  rows.bind(++parameter, limit);

  std::vector<catalogue::Triple> out;
  std::size_t bytes = 0;
  while (rows.step()) {
    out.push_back({.s = value_at(rows, 0), .p = value_at(rows, 2), .o = value_at(rows, 4)});
    const auto& triple = out.back();
    bytes += triple.s->value.size() + triple.p->value.size() + triple.o->value.size();
    if (bytes > most) {
      throw Error(ErrorCode::too_large,
                  "the first " + std::to_string(out.size()) + " triples that match have more than " +
                      std::to_string(most) + " bytes",
                  {.hint = "ask with a smaller limit"});
    }
  }
  return out;
}

}  // namespace omnibus::triples
