#pragma once

/// Language models: completion, embeddings, tools. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A prompt for a language model.
struct TextCompletionRequest {
  std::string system = {};
  std::string prompt = {};
  bool streaming = false;

  friend bool operator==(const TextCompletionRequest&, const TextCompletionRequest&) = default;
};

/// The answer, or a piece of it when streaming; an error carries no other field.
struct TextCompletionResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> response = std::nullopt;
  std::optional<std::int64_t> in_token = std::nullopt;
  std::optional<std::int64_t> out_token = std::nullopt;
  std::optional<std::string> model = std::nullopt;
  bool end_of_stream = false;

  friend bool operator==(const TextCompletionResponse&, const TextCompletionResponse&) = default;
};

/// A text to turn into vectors.
struct EmbeddingsRequest {
  std::string text = {};

  friend bool operator==(const EmbeddingsRequest&, const EmbeddingsRequest&) = default;
};

/// The vectors of a text.
struct EmbeddingsResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::vector<std::vector<double>>> vectors = std::nullopt;

  friend bool operator==(const EmbeddingsResponse&, const EmbeddingsResponse&) = default;
};

/// A call of a tool; `parameters` is JSON text.
struct ToolRequest {
  std::string name = {};
  std::optional<std::string> parameters = std::nullopt;

  friend bool operator==(const ToolRequest&, const ToolRequest&) = default;
};

/// What a tool answered: text, or JSON text in `object`.
struct ToolResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> text = std::nullopt;
  std::optional<std::string> object = std::nullopt;

  friend bool operator==(const ToolResponse&, const ToolResponse&) = default;
};

}  // namespace omnibus::catalogue
