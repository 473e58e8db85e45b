#include "services/prompt/prompts.hpp"

#include <omnibus/error.hpp>

#include "services/json/python_text.hpp"
#include "services/prompt/schema.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::value;

constexpr std::string_view be_helpful = "Be helpful.";

/// The entry's value; nothing when it is missing or no JSON.
std::optional<value> entry(const std::map<std::string, std::string>& entries, const std::string& key) {
  const auto found = entries.find(key);
  if (found == entries.end()) return std::nullopt;
  try {
    return json::parse(found->second, key);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Template system_of(const std::map<std::string, std::string>& entries) {
  const auto text = entry(entries, "system").value_or(value(be_helpful));
  try {
    if (text.is_string()) return Template(text.get_string());
  } catch (const Error&) {
    throw ConfigError("Error in system template");
  }
  throw ConfigError("Error in system template");
}

Prompt prompt_of(const std::map<std::string, std::string>& entries, const std::string& id) {
  const auto key = "template." + id;
  const auto found = entries.find(key);
  if (found == entries.end()) throw ConfigError("the entry '" + key + "' is missing");
  const auto data = json::parse(found->second, key);
  const auto* object = data.if_object();
  const auto* text = object != nullptr ? object->if_contains("prompt") : nullptr;
  if (text == nullptr || !text->is_string())
    throw ConfigError("the entry '" + key + "' has no text 'prompt'");
  try {
    Prompt out{.text = Template(text->get_string())};
    if (const auto* type = object->if_contains("response-type")) out.response_type = json::python_text(*type);
    if (const auto* schema = object->if_contains("schema")) out.schema = *schema;
    return out;
  } catch (const Error& error) {
    throw ConfigError("Error in template: " + id + ": " + error.message());
  }
}

/// The inside of the first fenced block, else everything.
std::string_view json_part(std::string_view reply) {
  constexpr std::string_view fence = "```", name = "json";
  const auto open = reply.find(fence);
  if (open == std::string_view::npos) return trimmed(reply);
  auto inside = reply.substr(open + fence.size());
  const auto named = inside.starts_with(name) ? inside.substr(name.size()) : inside;
  const auto close = named.find(fence);
  return trimmed(close == std::string_view::npos ? reply : named.substr(0, close));
}

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::decode, reason); }

value parse_reply(std::string_view text) {
  try {
    return json::parse(text, "the reply");
  } catch (const Error&) {
    refuse("JSON parse fail");
  }
}

}  // namespace

Prompts::Prompts() : system_(be_helpful) {}

Prompts::Prompts(const std::map<std::string, std::string>& entries) : system_(system_of(entries)) {
  const auto index = entry(entries, "template-index").value_or(boost::json::array{});
  if (!index.is_array()) throw ConfigError("the entry 'template-index' is no list");
  for (const auto& id : index.get_array()) {
    const auto name = json::python_text(id);
    prompts_.insert_or_assign(name, prompt_of(entries, name));
  }
}

const Prompt& Prompts::find(const std::optional<std::string>& id) const {
  const auto found = id ? prompts_.find(*id) : prompts_.end();
  if (found == prompts_.end()) {
    throw Error(ErrorCode::not_found, id ? json::python_repr(value(*id)) : "None");
  }
  return found->second;
}

Question Prompts::question(const Prompt& prompt, const boost::json::object& terms) const {
  return {.system = system_.render(terms), .prompt = prompt.text.render(terms)};
}

void check_response_type(const Prompt& prompt) {
  if (prompt.response_type == "text" || prompt.response_type == "json") return;
  throw ConfigError("Response type " + prompt.response_type + " not known");
}

Answer answer_of(const Prompt& prompt, std::string reply) {
  check_response_type(prompt);
  if (prompt.response_type == "text") return {.text = std::move(reply)};
  const auto text = json_part(reply);
  const auto parsed = parse_reply(text);
  if (truthy(prompt.schema)) {
    std::optional<std::string> failure;
    try {
      failure = schema_failure(prompt.schema, parsed);
    } catch (const Error& error) {
      failure = error.message();
    }
    if (failure) refuse("Schema validation fail: " + *failure);
  }
  if (parsed.is_string()) return {.text = std::string(parsed.get_string())};
  return {.object = std::string(text)};
}

boost::json::object parse_terms(const std::map<std::string, std::string>& terms) {
  boost::json::object out;
  for (const auto& [name, text] : terms) out.emplace(name, json::parse(text, "term '" + name + "'"));
  return out;
}

}  // namespace omnibus::prompt
