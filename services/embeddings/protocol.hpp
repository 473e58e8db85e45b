#pragma once

/// How servers are asked for the vector of a text. Threads: pure functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omnibus::embeddings {

/// Whose protocol a server speaks.
enum class Kind : std::uint8_t { openai, ollama };

/// The path below the base URL.
std::string_view path_of(Kind kind) noexcept;
/// The request's body.
std::string body_of(const std::string& model, const std::string& text);
/// The vector in an answer. Errors: ProtocolError when it is none, or not exactly one.
std::vector<double> vector_of(Kind kind, std::string_view body);

}  // namespace omnibus::embeddings
