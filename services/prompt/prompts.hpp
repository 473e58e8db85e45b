#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "services/prompt/template/template.hpp"

namespace omnibus::prompt {

/// One entry of the configuration: what is asked, and what the answer has to be.
struct Prompt {
  Template text;
  std::string response_type = "text";
  boost::json::value schema = nullptr;  ///< of a JSON answer; null, or without anything in it: any
};

/// What the model is asked.
struct Question {
  std::string system, prompt;
};

/// What the requester gets: one of the two.
struct Answer {
  std::optional<std::string> text = std::nullopt, object = std::nullopt;
};

/// The prompts of one version of the configuration. Threads: immutable, share freely.
class Prompts {
 public:
  /// None, and "Be helpful." for the system.
  Prompts();
  /// The entries of one configuration type: `system`, `template-index`, `template.<id>`.
  /// Errors: ConfigError naming the entry that is missing or malformed.
  explicit Prompts(const std::map<std::string, std::string>& entries);

  /// Errors: Error{not_found} whose text is the id in quotes.
  const Prompt& find(const std::optional<std::string>& id) const;
  /// Errors: ConfigError when a template cannot take the terms.
  Question question(const Prompt& prompt, const boost::json::object& terms) const;

 private:
  Template system_;
  std::map<std::string, Prompt, std::less<>> prompts_;
};

/// Errors: ConfigError when the prompt wants something else than text or JSON.
void check_response_type(const Prompt& prompt);

/// What the model's reply is as the prompt wants it: for JSON the first fenced block, else the whole of it,
/// checked with the schema. Errors: as check_response_type; DecodeError when it is no JSON, or not as the
/// schema says.
Answer answer_of(const Prompt& prompt, std::string reply);

/// The terms of a request, each JSON text. Errors: ConfigError naming the term that is none.
boost::json::object parse_terms(const std::map<std::string, std::string>& terms);

}  // namespace omnibus::prompt
