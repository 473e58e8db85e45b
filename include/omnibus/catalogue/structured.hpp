#pragma once

/// Submission of structured data. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>

#include <omnibus/bytes.hpp>
#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// Structured data to load, in one of the known formats.
struct StructuredDataSubmission {
  std::optional<Metadata> metadata = std::nullopt;
  std::string format = {};
  std::string schema_name = {};
  Bytes data = {};
  std::map<std::string, std::string> options = {};

  friend bool operator==(const StructuredDataSubmission&, const StructuredDataSubmission&) = default;
};

}  // namespace omnibus::catalogue
