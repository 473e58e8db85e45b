#pragma once

/// The agent service. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// One step that an agent has taken.
struct AgentStep {
  std::string thought = {};
  std::string action = {};
  std::map<std::string, std::string> arguments = {};
  std::string observation = {};
  std::string user = {};

  friend bool operator==(const AgentStep&, const AgentStep&) = default;
};

/// A question to an agent, with the steps so far.
struct AgentRequest {
  std::string question = {};
  std::optional<std::string> state = std::nullopt;
  std::optional<std::vector<std::string>> group = std::nullopt;
  std::vector<AgentStep> history = {};
  std::string user = {};
  bool streaming = false;

  friend bool operator==(const AgentRequest&, const AgentRequest&) = default;
};

/// A piece of the answer: streamed when `chunk_type` is set, else a whole step.
struct AgentResponse {
  std::string chunk_type = {};
  std::string content = {};
  bool end_of_message = false;
  bool end_of_dialog = false;
  std::optional<std::string> answer = std::nullopt;
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> thought = std::nullopt;
  std::optional<std::string> observation = std::nullopt;

  friend bool operator==(const AgentResponse&, const AgentResponse&) = default;
};

}  // namespace omnibus::catalogue
