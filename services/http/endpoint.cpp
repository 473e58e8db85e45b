#include "services/http/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "services/http/answer.hpp"

namespace omnibus::http {
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

Address checked(Address address) {
  while (address.url.ends_with('/')) address.url.pop_back();
  if (!address.url.starts_with("http://") && !address.url.starts_with("https://")) {
    throw ConfigError(address.flag + " is '" + address.url + "'",
                      "give an http:// or https:// URL, as https://host/v1");
  }
  if (!fits_a_header(address.url)) {
    throw ConfigError(address.flag + " has blanks or signs that a URL does not have");
  }
  if (!fits_a_header(address.key)) throw ConfigError("--api-key has blanks or signs that no key has");
  return address;
}

}  // namespace

Endpoint::Endpoint(Address address) : address_(checked(std::move(address))), client_(address_.ca_file) {}

std::string Endpoint::post(std::string_view path, std::string body, const std::stop_token& stop) {
  std::string answer;
  post(
      path, std::move(body), [&](std::string_view bytes) { append(bytes, answer); }, stop);
  return answer;
}

void Endpoint::post(std::string_view path, std::string body, const Bytes& bytes,
                    const std::stop_token& stop) {
  Request call{.url = address_.url + std::string(path),
               .headers = {"Content-Type: application/json"},
               .body = std::move(body),
               .timeout = address_.timeout};
  if (!address_.key.empty()) call.headers.push_back("Authorization: Bearer " + address_.key);
  std::string refusal;
  const auto status = client_.send(
      call, [&](int code, std::string_view some) { code == ok ? bytes(some) : append(some, refusal); }, stop);
  if (status != ok) failure_of(status, refusal).raise();
}

Flags openai_flags(Flags flags, std::string timeout) {
  flags
      .text("url", "base of the OpenAI-compatible endpoint", "https://api.openai.com/v1", "OPENAI_BASE_URL",
            'u')
      .text("api-key", "key that is shown to it; empty: none", std::nullopt, "OPENAI_TOKEN", 'k')
      .secret()
      .text("ca-file", "PEM certificates to trust instead of the system's")
      .duration("model-timeout", "how long the model may be silent", std::move(timeout));
  return flags;
}

bool has_key(const Settings& settings) { return settings.maybe("api-key").has_value(); }

Address openai_address(const Settings& settings) {
  if (!has_key(settings)) {
    throw ConfigError("OpenAI API key not specified",
                      "set OPENAI_TOKEN or --api-key; --api-key '' for a server that wants none");
  }
  return {.url = settings.text("url"),
          .key = settings.text("api-key"),
          .ca_file = settings.maybe("ca-file").value_or(""),
          .timeout = settings.duration("model-timeout")};
}

}  // namespace omnibus::http
