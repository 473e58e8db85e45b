#pragma once

/// The document library. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/bytes.hpp>
#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view librarian_request_queue = "q1/tg/request/librarian";
inline constexpr std::string_view librarian_response_queue = "q1/tg/response/librarian";

/// What the library knows of a document.
struct DocumentMetadata {
  std::string id = {};
  std::int64_t time = 0;
  std::string kind = {};
  std::string title = {};
  std::string comments = {};
  std::vector<Triple> metadata = {};
  std::string user = {};
  std::optional<std::vector<std::string>> tags = std::nullopt;

  friend bool operator==(const DocumentMetadata&, const DocumentMetadata&) = default;
};

/// A document on its way through a flow.
struct ProcessingMetadata {
  std::string id = {};
  std::string document_id = {};
  std::int64_t time = 0;
  std::string flow = {};
  std::string user = {};
  std::string collection = {};
  std::optional<std::vector<std::string>> tags = std::nullopt;

  friend bool operator==(const ProcessingMetadata&, const ProcessingMetadata&) = default;
};

/// One condition of a search in the library.
struct Criteria {
  std::string key = {};
  std::string value = {};
  std::string operator_ = {};

  friend bool operator==(const Criteria&, const Criteria&) = default;
};

/// Operations on the document library.
struct LibrarianRequest {
  std::string operation = {};
  std::optional<std::string> document_id = std::nullopt;
  std::optional<std::string> processing_id = std::nullopt;
  std::optional<DocumentMetadata> document_metadata = std::nullopt;
  std::optional<ProcessingMetadata> processing_metadata = std::nullopt;
  std::optional<Bytes> content = std::nullopt;
  std::optional<std::string> user = std::nullopt;
  std::optional<std::string> collection = std::nullopt;
  std::optional<std::vector<Criteria>> criteria = std::nullopt;

  friend bool operator==(const LibrarianRequest&, const LibrarianRequest&) = default;
};

/// The answer to a LibrarianRequest; only what the operation asks for is there.
struct LibrarianResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<DocumentMetadata> document_metadata = std::nullopt;
  std::optional<Bytes> content = std::nullopt;
  std::optional<std::vector<DocumentMetadata>> document_metadatas = std::nullopt;
  std::optional<std::vector<ProcessingMetadata>> processing_metadatas = std::nullopt;

  friend bool operator==(const LibrarianResponse&, const LibrarianResponse&) = default;
};

}  // namespace omnibus::catalogue
