#pragma once

/// The structured data diagnosis service. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// Asks what a sample of data is and how to read it.
struct StructuredDataDiagnosisRequest {
  std::string operation = {};
  std::string sample = {};
  std::string type = {};
  std::string schema_name = {};
  std::map<std::string, std::string> options = {};

  friend bool operator==(const StructuredDataDiagnosisRequest&,
                         const StructuredDataDiagnosisRequest&) = default;
};

/// What the sample looks like.
struct StructuredDataDiagnosisResponse {
  std::optional<Error> error = std::nullopt;
  std::string operation = {};
  std::string detected_type = {};
  double confidence = 0.0;
  std::string descriptor = {};
  std::map<std::string, std::string> metadata = {};
  std::vector<std::string> schema_matches = {};

  friend bool operator==(const StructuredDataDiagnosisResponse&,
                         const StructuredDataDiagnosisResponse&) = default;
};

}  // namespace omnibus::catalogue
