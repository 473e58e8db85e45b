#pragma once

/// Documents and their chunks. docs/schemas.md tells which fields may be absent and why.

#include <optional>

#include <omnibus/bytes.hpp>
#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A document to decode; `data` is base64 text.
struct Document {
  std::optional<Metadata> metadata = std::nullopt;
  Bytes data = {};

  friend bool operator==(const Document&, const Document&) = default;
};

/// A plain text to split into chunks.
struct TextDocument {
  std::optional<Metadata> metadata = std::nullopt;
  Bytes text = {};

  friend bool operator==(const TextDocument&, const TextDocument&) = default;
};

/// A piece of a document, small enough for a model.
struct Chunk {
  std::optional<Metadata> metadata = std::nullopt;
  Bytes chunk = {};

  friend bool operator==(const Chunk&, const Chunk&) = default;
};

}  // namespace omnibus::catalogue
