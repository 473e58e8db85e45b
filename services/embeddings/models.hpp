#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "services/embeddings/protocol.hpp"
#include "services/http/endpoint.hpp"

namespace omnibus::embeddings {

/// The embedding models of one server. Threads: any; each call holds its caller until the server has
/// answered.
class Models {
 public:
  /// Errors: as http::Endpoint.
  Models(Kind kind, http::Address address, std::string model);

  /// The vector of `text`; `model` of a flow goes before the default.
  /// Errors: ConfigError when the text is empty; ProtocolError; those of http::Endpoint.
  std::vector<double> embed(const std::string& text, const std::optional<std::string>& model,
                            const std::stop_token& stop);

 private:
  const Kind kind_;
  const std::string model_;
  http::Endpoint endpoint_;
};

/// A URL from what OLLAMA_HOST may hold: without scheme `http://`, and then without port 11434.
std::string ollama_url(std::string host);

}  // namespace omnibus::embeddings
