#pragma once

/// Vectors on their way to the stores. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/bytes.hpp>
#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// The vectors of one entity.
struct EntityEmbeddings {
  std::optional<Value> entity = std::nullopt;
  std::vector<std::vector<double>> vectors = {};

  friend bool operator==(const EntityEmbeddings&, const EntityEmbeddings&) = default;
};

/// Entities of the graph with their vectors.
struct GraphEmbeddings {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<EntityEmbeddings> entities = {};

  friend bool operator==(const GraphEmbeddings&, const GraphEmbeddings&) = default;
};

/// The vectors of one chunk.
struct ChunkEmbeddings {
  Bytes chunk = {};
  std::vector<std::vector<double>> vectors = {};

  friend bool operator==(const ChunkEmbeddings&, const ChunkEmbeddings&) = default;
};

/// Chunks of a document with their vectors.
struct DocumentEmbeddings {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<ChunkEmbeddings> chunks = {};

  friend bool operator==(const DocumentEmbeddings&, const DocumentEmbeddings&) = default;
};

/// The vectors of an extracted object.
struct ObjectEmbeddings {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<std::vector<double>> vectors = {};
  std::string name = {};
  std::string key_name = {};
  std::string id = {};

  friend bool operator==(const ObjectEmbeddings&, const ObjectEmbeddings&) = default;
};

/// The vectors of a structured object, whole and by field.
struct StructuredObjectEmbedding {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<std::vector<double>> vectors = {};
  std::string schema_name = {};
  std::string object_id = {};
  std::map<std::string, std::vector<double>> field_embeddings = {};

  friend bool operator==(const StructuredObjectEmbedding&, const StructuredObjectEmbedding&) = default;
};

}  // namespace omnibus::catalogue
