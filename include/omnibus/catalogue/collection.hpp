#pragma once

/// The collection service. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view collection_request_queue = "q0/tg/request/collection";
inline constexpr std::string_view collection_response_queue = "q0/tg/response/collection";

/// A collection of a user.
struct CollectionMetadata {
  std::string user = {};
  std::string collection = {};
  std::string name = {};
  std::string description = {};
  std::vector<std::string> tags = {};

  friend bool operator==(const CollectionMetadata&, const CollectionMetadata&) = default;
};

/// Operations on collections: list, update, delete.
struct CollectionManagementRequest {
  std::string operation = {};
  std::optional<std::string> user = std::nullopt;
  std::optional<std::string> collection = std::nullopt;
  std::optional<std::string> timestamp = std::nullopt;
  std::optional<std::string> name = std::nullopt;
  std::optional<std::string> description = std::nullopt;
  std::optional<std::vector<std::string>> tags = std::nullopt;
  std::optional<std::vector<std::string>> tag_filter = std::nullopt;
  std::optional<std::int64_t> limit = std::nullopt;

  friend bool operator==(const CollectionManagementRequest&, const CollectionManagementRequest&) = default;
};

/// The collections asked for.
struct CollectionManagementResponse {
  std::optional<Error> error = std::nullopt;
  std::string timestamp = {};
  std::vector<CollectionMetadata> collections = {};

  friend bool operator==(const CollectionManagementResponse&, const CollectionManagementResponse&) = default;
};

}  // namespace omnibus::catalogue
