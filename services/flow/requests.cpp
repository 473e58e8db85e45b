#include "services/flow/requests.hpp"

#include <algorithm>

#include <omnibus/error.hpp>

#include "services/flow/plan.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::flow {
namespace {

/// A round is lost to whoever changed the configuration in between: with a few busy writers, nearly every
/// one. They end or let one through in this time, or something is wrong with them.
constexpr auto conflict_patience = std::chrono::seconds(30);
constexpr int most_unknown_outcomes = 3;

/// The answer as it stands before an operation fills it: everything there, everything empty.
catalogue::FlowResponse blank() {
  return {.blueprint_names = {{}},
          .flow_ids = {{}},
          .blueprint_definition = "",
          .flow = "",
          .description = "",
          .parameters = {{}},
          .error = std::nullopt};
}

std::vector<std::string> keys(const config::Values& values, std::string_view type) {
  std::vector<std::string> out;
  const auto found = values.find(std::string(type));
  if (found == values.end()) return out;
  for (const auto& [key, value] : found->second) out.push_back(key);
  return out;
}

const std::string& required(const std::optional<std::string>& field, const char* message) {
  if (!field) throw ConfigError(message);
  return *field;
}

/// Whether the configuration already is what the change would make of it.
bool holds(const config::Values& values, const config::Change& change) {
  return std::all_of(change.put.begin(), change.put.end(),
                     [&](const auto& item) {
                       const auto* text = find(values, item.type, item.key);
                       return text != nullptr && *text == item.value;
                     }) &&
         std::all_of(change.remove.begin(), change.remove.end(),
                     [&](const auto& key) { return find(values, key.type, key.key) == nullptr; });
}

bool outcome_unknown(ErrorCode code) { return code == ErrorCode::timeout || code == ErrorCode::unavailable; }

[[noreturn]] void refuse_foreign_service() {
  throw Error(
      ErrorCode::unsupported, "the configuration service does not know the operation 'apply'",
      {.hint =
           "the Python config-svc starts and stops flows itself: run omnibus config-svc, or no flow-svc"});
}

}  // namespace

catalogue::FlowResponse error_answer(std::string_view type, std::string_view message) {
  auto response = blank();
  response.error = catalogue::Error{.type = std::string(type), .message = std::string(message)};
  return response;
}

catalogue::FlowResponse Requests::handle(const catalogue::FlowRequest& request) noexcept {
  try {
    auto response = blank();
    answer(request, response);
    return response;
  } catch (...) {
    return error_answer("flow-error", to_error(std::current_exception()).what());
  }
}

void Requests::answer(const catalogue::FlowRequest& request, catalogue::FlowResponse& response) {
  const auto& operation = request.operation;
  if (operation == "list-blueprints") {
    response.blueprint_names = keys(config_.read().values, blueprint_type);
  } else if (operation == "get-blueprint") {
    const auto& name = required(request.blueprint_name, "No blueprint name");
    const auto snapshot = config_.read();
    const auto* text = find(snapshot.values, blueprint_type, name);
    response.blueprint_definition = text == nullptr ? std::nullopt : std::optional(*text);
  } else if (operation == "put-blueprint") {
    const auto& name = required(request.blueprint_name, "No blueprint name");
    const auto& text = required(request.blueprint_definition, "No blueprint definition");
    apply(config::Change{.put = {{std::string(blueprint_type), name, text}}, .remove = {}});
  } else if (operation == "delete-blueprint") {
    const auto& name = required(request.blueprint_name, "No blueprint name");
    apply(config::Change{.put = {}, .remove = {{std::string(blueprint_type), name}}});
  } else if (operation == "list-flows") {
    response.flow_ids = keys(config_.read().values, flow_type);
  } else if (operation == "get-flow") {
    get_flow(request, response);
  } else if (operation == "start-flow") {
    start_flow(request);
  } else if (operation == "stop-flow") {
    apply([&](const config::Values& values) { return plan_stop(values, request.flow_id); });
  } else {
    response = error_answer("bad-operation", "Bad operation");
  }
}

void Requests::get_flow(const catalogue::FlowRequest& request, catalogue::FlowResponse& response) {
  const auto& id = required(request.flow_id, "No flow ID");
  const auto snapshot = config_.read();
  const auto* text = find(snapshot.values, flow_type, id);
  if (text == nullptr) throw Error(ErrorCode::not_found, "Flow ID invalid");
  response.flow = *text;
  const auto flow = json::parse(*text, "flow '" + id + "'");
  if (!flow.is_object()) throw ConfigError("flow '" + id + "' is not a JSON object");
  if (const auto* description = flow.get_object().if_contains("description")) {
    response.description = json::python_text(*description);
  }
  const auto* parameters = flow.get_object().if_contains("parameters");
  if (parameters == nullptr || !parameters->is_object()) return;
  for (const auto& [name, value] : parameters->get_object()) {
    (*response.parameters)[std::string(name)] = json::python_text(value);
  }
}

void Requests::start_flow(const catalogue::FlowRequest& request) {
  Start start{.blueprint = request.blueprint_name, .id = request.flow_id, .description = request.description};
  if (request.parameters) {
    for (const auto& [name, text] : *request.parameters) start.parameters[name] = text;
  }
  apply([&](const config::Values& values) { return plan_start(values, start); });
}

void Requests::apply(const config::Change& change) {
  try {
    config_.apply(change, std::nullopt);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) refuse_foreign_service();
    throw;
  }
}

void Requests::apply(const Plan& plan) {
  std::optional<config::Change> uncertain;  // sent, and nobody said what became of it
  const auto give_up = now_() + conflict_patience;
  int unknown = 0;
  for (;;) {
    const auto snapshot = config_.read();
    if (uncertain && holds(snapshot.values, *uncertain)) return;
    const auto change = plan(snapshot.values);
    try {
      config_.apply(change, snapshot.version);
      return;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::unsupported) refuse_foreign_service();
      if (error.code() == ErrorCode::conflict && now_() < give_up) continue;
      if (!outcome_unknown(error.code()) || ++unknown >= most_unknown_outcomes) throw;
      uncertain = change;
    }
  }
}

}  // namespace omnibus::flow
