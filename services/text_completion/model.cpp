#include "services/text_completion/model.hpp"

#include <algorithm>
#include <utility>

#include "services/json/python_text.hpp"

namespace omnibus::text_completion {
namespace {

constexpr std::size_t longest_answer = std::size_t{64} << 20;
constexpr int ok = 200;

void append(std::string_view bytes, std::string& out) {
  if (out.size() + bytes.size() > longest_answer) throw ProtocolError("the model's answer is too long");
  out += bytes;
}

bool fits_a_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Endpoint checked(Endpoint endpoint) {
  while (endpoint.url.ends_with('/')) endpoint.url.pop_back();
  if (!endpoint.url.starts_with("http://") && !endpoint.url.starts_with("https://")) {
    throw ConfigError("--url is '" + endpoint.url + "'",
                      "give an http:// or https:// URL, as https://host/v1");
  }
  if (!fits_a_header(endpoint.url)) throw ConfigError("--url has blanks or signs that a URL does not have");
  if (!fits_a_header(endpoint.key)) throw ConfigError("--api-key has blanks or signs that no key has");
  return endpoint;
}

}  // namespace

Models::Models(Endpoint endpoint) : endpoint_(checked(std::move(endpoint))), http_(endpoint_.ca_file) {}

Question Models::question(const std::optional<std::string>& model,
                          const std::optional<std::string>& temperature) const {
  Question out{.model = model.value_or(endpoint_.model),
               .temperature = endpoint_.temperature,
               .max_output = endpoint_.max_output,
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

HttpPost Models::post_of(const Question& question) const {
  HttpPost out{
      .url = endpoint_.url + "/chat/completions", .body = body_of(question), .timeout = endpoint_.timeout};
  if (!endpoint_.key.empty()) out.headers.push_back("Authorization: Bearer " + endpoint_.key);
  return out;
}

Completion Models::ask(const Question& question, const std::stop_token& stop) {
  std::string body;
  const auto status = http_.post(
      post_of(question), [&](int, std::string_view bytes) { append(bytes, body); }, stop);
  if (status != ok) failure_of(status, body).raise();
  return completion_of(body);
}

void Models::ask(const Question& question, const PieceReader::Piece& piece, const std::stop_token& stop) {
  PieceReader reader;
  std::string refusal;
  const auto status = http_.post(
      post_of(question),
      [&](int code, std::string_view bytes) {
        code == ok ? reader.take(bytes, piece) : append(bytes, refusal);
      },
      stop);
  if (status != ok) failure_of(status, refusal).raise();
  reader.finish(piece);
}

}  // namespace omnibus::text_completion
