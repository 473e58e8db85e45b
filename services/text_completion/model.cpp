#include "services/text_completion/model.hpp"

#include <utility>

#include "services/json/python_text.hpp"

namespace omnibus::text_completion {
namespace {

constexpr std::string_view path = "/chat/completions";

}  // namespace

Models::Models(http::Address address, Defaults defaults)
    : defaults_(std::move(defaults)), endpoint_(std::move(address)) {}

Question Models::question(const std::optional<std::string>& model,
                          const std::optional<std::string>& temperature) const {
  Question out{.model = model.value_or(defaults_.model),
               .temperature = defaults_.temperature,
               .max_output = defaults_.max_output,
               .text = {}};
  if (!temperature) return out;
  try {
    out.temperature = json::parse(*temperature, "temperature");
  } catch (const Error&) {
    out.temperature = nullptr;
  }
  if (!out.temperature.is_number()) {
    throw ConfigError("parameter temperature is '" + *temperature + "'", "it takes a number");
  }
  return out;
}

Completion Models::ask(const Question& question, const std::stop_token& stop) {
  return completion_of(endpoint_.post(path, body_of(question), stop));
}

void Models::ask(const Question& question, const PieceReader::Piece& piece, const std::stop_token& stop) {
  PieceReader reader;
  endpoint_.post(
      path, body_of(question), [&](std::string_view bytes) { reader.take(bytes, piece); }, stop);
  reader.finish(piece);
}

}  // namespace omnibus::text_completion
