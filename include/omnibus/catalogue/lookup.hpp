#pragma once

/// The lookup service. docs/schemas.md tells which fields may be absent and why.

#include <optional>
#include <string>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A term to look up.
struct LookupRequest {
  std::string kind = {};
  std::string term = {};

  friend bool operator==(const LookupRequest&, const LookupRequest&) = default;
};

/// What was found.
struct LookupResponse {
  std::string text = {};
  std::optional<Error> error = std::nullopt;

  friend bool operator==(const LookupResponse&, const LookupResponse&) = default;
};

}  // namespace omnibus::catalogue
