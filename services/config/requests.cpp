#include "services/config/requests.hpp"

#include <omnibus/error.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::config {
namespace {

/// What an answer or the broker may need beside the configuration itself. Units: bytes.
constexpr std::size_t envelope = 1024;

/// The answer as it stands before an operation fills it: everything there, everything empty.
catalogue::ConfigResponse blank() {
  return {.version = 0, .values = {{}}, .directory = {{}}, .config = {{}}, .error = std::nullopt};
}

template <class T>
const T& required(const std::optional<T>& field, std::string_view operation, std::string_view name) {
  if (!field) throw ConfigError("'" + std::string(operation) + "' needs '" + std::string(name) + "'");
  return *field;
}

std::vector<Item> items_of(const std::vector<catalogue::ConfigValue>& values) {
  std::vector<Item> out;
  out.reserve(values.size());
  for (const auto& value : values) {
    if (!value.value) throw ConfigError("the value of '" + value.type + "' / '" + value.key + "' is null");
    out.push_back({value.type, value.key, *value.value});
  }
  return out;
}

std::vector<Key> keys_of(const std::vector<catalogue::ConfigKey>& keys) {
  std::vector<Key> out;
  out.reserve(keys.size());
  for (const auto& key : keys) out.push_back({key.type, key.key});
  return out;
}

std::string_view error_type(ErrorCode code) {
  switch (code) {
    case ErrorCode::conflict:
      return conflict;
    case ErrorCode::too_large:
      return too_large;
    default:
      return config_error;
  }
}

}  // namespace

Requests::Requests(Store& store, std::size_t max_message, Announce announce)
    : store_(store), max_message_(max_message), announce_(std::move(announce)) {}

catalogue::ConfigResponse error_answer(std::string_view type, std::string_view message) {
  auto response = blank();
  response.error = catalogue::Error{.type = std::string(type), .message = std::string(message)};
  return response;
}

catalogue::ConfigResponse Requests::handle(const ConfigCall& call) noexcept {
  try {
    auto response = blank();
    answer(call, response);
    return response;
  } catch (...) {
    const auto error = to_error(std::current_exception());
    return error_answer(error_type(error.code()), error.what());
  }
}

void Requests::answer(const ConfigCall& call, catalogue::ConfigResponse& response) {
  const auto& operation = call.operation;
  if (operation == "get") return get(call, response);
  if (operation == "list") return list(call, response);
  if (operation == "getvalues") return get_values(call, response);
  if (operation == "config") return whole(response);
  if (operation == "put") {
    change({.put = items_of(required(call.values, operation, "values")), .remove = {}}, std::nullopt);
    return;
  }
  if (operation == "delete") {
    change({.put = {}, .remove = keys_of(required(call.keys, operation, "keys"))}, std::nullopt);
    return;
  }
  if (operation == "apply") return apply(call, response);
  response = error_answer(bad_operation, "Bad operation");
}

void Requests::get(const ConfigCall& call, catalogue::ConfigResponse& response) const {
  const auto& keys = required(call.keys, "get", "keys");
  response.version = store_.version();
  for (const auto& key : keys) {
    response.values->push_back({key.type, key.key, store_.get(key.type, key.key)});
  }
}

void Requests::list(const ConfigCall& call, catalogue::ConfigResponse& response) const {
  const auto& type = required(call.type, "list", "type");
  response.version = store_.version();
  for (auto& [key, value] : store_.values(type)) response.directory->push_back(std::move(key));
}

void Requests::get_values(const ConfigCall& call, catalogue::ConfigResponse& response) const {
  const auto& type = required(call.type, "getvalues", "type");
  response.version = store_.version();
  for (auto& [key, value] : store_.values(type)) {
    response.values->push_back({type, std::move(key), std::move(value)});
  }
}

void Requests::whole(catalogue::ConfigResponse& response) const {
  auto snapshot = store_.snapshot();
  response.version = snapshot.version;
  response.config = std::move(snapshot.values);
}

void Requests::apply(const ConfigCall& call, catalogue::ConfigResponse& response) {
  if (!call.put && !call.delete_) throw ConfigError("'apply' needs 'put' or 'delete'");
  Change wanted;
  if (call.put) wanted.put = items_of(*call.put);
  if (call.delete_) wanted.remove = keys_of(*call.delete_);
  try {
    response.version = change(wanted, call.if_version);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::conflict) throw;
    response = error_answer(conflict, error.what());
    response.version = store_.version();
  }
}

std::int64_t Requests::change(const Change& wanted, std::optional<std::int64_t> if_version) {
  const auto result =
      store_.apply(wanted, if_version, [this](const Snapshot& snapshot) { check_size(snapshot); });
  try {
    announce_(result);
  } catch (...) {
    throw to_error(std::current_exception())
        .with_context("stored as version " + std::to_string(result.version) +
                      ", but not announced yet (it is tried again)");
  }
  return result.version;
}

void Requests::check_size(const Snapshot& result) const {
  if (max_message_ == 0) return;
  const catalogue::ConfigPush push{.version = result.version, .config = result.values};
  std::string text;
  schema::type_of<catalogue::ConfigPush>().encode_json(&push, {.nulls = Nulls::emit}, text);
  if (text.size() + envelope <= max_message_) return;
  throw Error(ErrorCode::too_large,
              "the whole configuration would take " + std::to_string(text.size()) +
                  " bytes, more than one message of this broker can hold (" + std::to_string(max_message_) +
                  ")",
              {.hint = "nothing was changed; delete what is not needed"});
}

}  // namespace omnibus::config
