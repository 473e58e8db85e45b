#pragma once

/// What most messages are made of. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace omnibus::catalogue {

/// A node or a literal of the graph.
struct Value {
  std::string value = {};
  bool is_uri = false;
  std::string type = {};

  friend bool operator==(const Value&, const Value&) = default;
};

/// Subject, predicate, object; an empty part is a wildcard in a query.
struct Triple {
  std::optional<Value> s = std::nullopt;
  std::optional<Value> p = std::nullopt;
  std::optional<Value> o = std::nullopt;

  friend bool operator==(const Triple&, const Triple&) = default;
};

/// Where a piece of knowledge comes from and whom it belongs to.
struct Metadata {
  std::string id = {};
  std::vector<Triple> metadata = {};
  std::string user = {};
  std::string collection = {};

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// A failure told to the requester, in place of an answer.
struct Error {
  std::string type = {};
  std::string message = {};

  friend bool operator==(const Error&, const Error&) = default;
};

/// One column of a RowSchema.
struct Field {
  std::string name = {};
  std::string type = {};
  std::int64_t size = 0;
  bool primary = false;
  std::string description = {};
  bool required = false;
  std::vector<std::string> enum_values = {};
  bool indexed = false;

  friend bool operator==(const Field&, const Field&) = default;
};

/// The columns of structured data.
struct RowSchema {
  std::string name = {};
  std::string description = {};
  std::vector<Field> fields = {};

  friend bool operator==(const RowSchema&, const RowSchema&) = default;
};

}  // namespace omnibus::catalogue
