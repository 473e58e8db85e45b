#include "services/embeddings/models.hpp"

#include <utility>

namespace omnibus::embeddings {

Models::Models(Kind kind, http::Address address, std::string model)
    : kind_(kind), model_(std::move(model)), endpoint_(std::move(address)) {}

std::vector<double> Models::embed(const std::string& text, const std::optional<std::string>& model,
                                  const std::stop_token& stop) {
  if (text.empty()) throw ConfigError("the text to embed is empty");
  const auto& asked = model && !model->empty() ? *model : model_;
  return vector_of(kind_, endpoint_.post(path_of(kind_), body_of(asked, text), stop));
}

std::string ollama_url(std::string host) {
  if (host.find("://") != std::string::npos) return host;
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');  // of an IPv6 address
  const bool port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return "http://" + std::move(host) + (port ? "" : ":11434");
}

}  // namespace omnibus::embeddings
