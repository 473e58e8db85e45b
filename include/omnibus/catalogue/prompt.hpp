#pragma once

/// The prompt service. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A prompt template by id, and its terms as JSON text.
struct PromptRequest {
  std::optional<std::string> id = std::nullopt;
  std::map<std::string, std::string> terms = {};
  bool streaming = false;

  friend bool operator==(const PromptRequest&, const PromptRequest&) = default;
};

/// The answer: text, or JSON text in `object`.
struct PromptResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> text = std::nullopt;
  std::optional<std::string> object = std::nullopt;
  bool end_of_stream = false;

  friend bool operator==(const PromptResponse&, const PromptResponse&) = default;
};

}  // namespace omnibus::catalogue
