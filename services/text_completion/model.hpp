#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "services/http/endpoint.hpp"
#include "services/text_completion/chat.hpp"

namespace omnibus::text_completion {

/// How models are asked unless a flow says otherwise.
struct Defaults {
  std::string model = "gpt-3.5-turbo";
  double temperature = 0;
  std::int64_t max_output = 4096;
};

/// The models of one endpoint. Threads: any; each call holds its caller until the model has answered.
class Models {
 public:
  /// Errors: as http::Endpoint.
  explicit Models(http::Address address, Defaults defaults = {});

  /// What a flow's parameters make of the defaults; empty ones change nothing.
  /// Errors: ConfigError when the temperature is no number.
  Question question(const std::optional<std::string>& model,
                    const std::optional<std::string>& temperature) const;

  /// Errors: ProtocolError; those of http::Endpoint.
  Completion ask(const Question& question, const std::stop_token& stop);
  /// The same piece by piece; `piece` runs on the calling thread.
  void ask(const Question& question, const PieceReader::Piece& piece, const std::stop_token& stop);

 private:
  const Defaults defaults_;
  http::Endpoint endpoint_;
};

}  // namespace omnibus::text_completion
