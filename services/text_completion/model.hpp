#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "services/text_completion/chat.hpp"
#include "services/text_completion/http_client.hpp"

namespace omnibus::text_completion {

/// Where models are, and how they are asked unless a flow says otherwise.
struct Endpoint {
  std::string url;  ///< without `/chat/completions`
  std::string key;  ///< empty: none is shown
  std::string ca_file = {};
  std::string model = "gpt-3.5-turbo";
  double temperature = 0;
  std::int64_t max_output = 4096;
  Duration timeout = std::chrono::minutes(10);
};

/// The models of one endpoint. Threads: any; each call holds its caller until the model has answered.
class Models {
 public:
  /// Errors: ConfigError when the URL is no HTTP URL, or the key cannot stand in a header.
  explicit Models(Endpoint endpoint);

  /// What a flow's parameters make of the defaults; empty ones change nothing.
  /// Errors: ConfigError when the temperature is no number.
  Question question(const std::optional<std::string>& model,
                    const std::optional<std::string>& temperature) const;

  /// Errors: TooManyRequests; ProtocolError; those of HttpClient; Error{unavailable} with the server's words.
  Completion ask(const Question& question, const std::stop_token& stop);
  /// The same piece by piece; `piece` runs on the calling thread.
  void ask(const Question& question, const PieceReader::Piece& piece, const std::stop_token& stop);

 private:
  HttpPost post_of(const Question& question) const;

  const Endpoint endpoint_;
  HttpClient http_;
};

}  // namespace omnibus::text_completion
