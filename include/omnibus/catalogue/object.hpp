#pragma once

/// Extracted objects. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// Objects of one schema found in a text.
struct ExtractedObject {
  std::optional<Metadata> metadata = std::nullopt;
  std::string schema_name = {};
  std::vector<std::map<std::string, std::string>> values = {};
  double confidence = 0.0;
  std::string source_span = {};

  friend bool operator==(const ExtractedObject&, const ExtractedObject&) = default;
};

}  // namespace omnibus::catalogue
