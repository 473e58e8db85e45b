#pragma once

/// Structured rows. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// Rows of structured data.
struct Rows {
  std::optional<Metadata> metadata = std::nullopt;
  std::optional<RowSchema> row_schema = std::nullopt;
  std::vector<std::map<std::string, std::string>> rows = {};

  friend bool operator==(const Rows&, const Rows&) = default;
};

}  // namespace omnibus::catalogue
