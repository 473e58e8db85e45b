#include "services/librarian/collections.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include <omnibus/json.hpp>

#include "services/json/python_text.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::librarian {
namespace {

using catalogue::CollectionManagementResponse;
using catalogue::CollectionMetadata;

constexpr const char* collection_type = "collection";

/// Local time as the existing service writes it: `2026-01-31T12:00:00.000001`.
std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now - seconds).count();
  const std::time_t time = std::chrono::system_clock::to_time_t(seconds);
  std::tm local{};
  ::localtime_r(&time, &local);
  std::array<char, 64> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  std::string out(text.data(), length);
  std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(microseconds));
  return out + text.data();
}

config::Item item_of(const CollectionMetadata& collection) {
  boost::json::object value{{"user", collection.user},
                            {"collection", collection.collection},
                            {"name", collection.name},
                            {"description", collection.description},
                            {"tags", boost::json::array(collection.tags.begin(), collection.tags.end())}};
  const auto key = Collections::key(collection.user, collection.collection);
  return {key.type, key.key, json::dump(value)};
}

const std::string& required(const std::optional<std::string>& field, std::string_view name) {
  if (field) return *field;
  throw ConfigError("'" + std::string(name) + "' is missing");
}

/// Runs `work`; a failure becomes `Failed to <doing>: …`, preceded by `refused` when the configuration
/// service says why.
template <class Work>
auto told(std::string_view doing, std::string_view refused, Work work) {
  try {
    return work();
  } catch (const ClosedError&) {
    throw;
  } catch (const Error& error) {
    const bool answered = error.backend().empty() && !error.native().empty();
    throw rpc::RequestError("Failed to " + std::string(doing) + ": " +
                            (answered ? std::string(refused) + ": " : "") + error.what());
  }
}

bool matches(const CollectionMetadata& collection, const std::vector<std::string>& filter) {
  return std::any_of(collection.tags.begin(), collection.tags.end(), [&](const auto& tag) {
    return std::find(filter.begin(), filter.end(), tag) != filter.end();
  });
}

}  // namespace

CollectionManagementResponse collection_error(std::string_view type, std::string_view message) {
  return {.error = catalogue::Error{std::string(type), std::string(message)},
          .timestamp = now_text(),
          .collections = {}};
}

config::Key Collections::key(std::string_view user, std::string_view collection) {
  return {collection_type, std::string(user) + ':' + std::string(collection)};
}

CollectionManagementResponse Collections::handle(const Request& request) {
  try {
    CollectionManagementResponse response;
    const auto& operation = request.operation;
    if (operation == "list-collections") {
      response.collections = told("list collections", "Config query failed", [&] { return list(request); });
    } else if (operation == "update-collection") {
      response.collections = {
          told("update collection", "Config update failed", [&] { return update(request); })};
    } else if (operation == "delete-collection") {
      told("delete collection", "Config delete failed", [&] { remove(request); });
    } else {
      throw rpc::RequestError(operation.empty() ? "Null operation"
                                                : "Invalid collection operation: " + operation);
    }
    response.timestamp = now_text();
    return response;
  } catch (const rpc::RequestError& error) {
    return collection_error(rpc::request_error, error.what());
  }
}

std::vector<CollectionMetadata> Collections::list(const Request& request) {
  const auto beginning = required(request.user, "user") + ':';
  std::vector<CollectionMetadata> out;
  for (const auto& [key, value] : config_.values(collection_type)) {
    if (!key.starts_with(beginning) || key.find(':') + 1 != beginning.size()) continue;
    try {
      out.push_back(json::decode<CollectionMetadata>(value));
    } catch (const Error& error) {
      throw error.with_context("collection '" + key + "'");
    }
  }
  if (request.tag_filter && !request.tag_filter->empty()) {
    std::erase_if(out, [&](const auto& each) { return !matches(each, *request.tag_filter); });
  }
  const auto limit = request.limit.value_or(0);
  if (limit > 0 && out.size() > static_cast<std::size_t>(limit)) {
    out.resize(static_cast<std::size_t>(limit));
  }
  return out;
}

CollectionMetadata Collections::update(const Request& request) {
  CollectionMetadata collection{.user = required(request.user, "user"),
                                .collection = required(request.collection, "collection"),
                                .name = request.name.value_or(""),
                                .description = request.description.value_or(""),
                                .tags = request.tags.value_or(std::vector<std::string>{})};
  if (collection.name.empty()) collection.name = collection.collection;
  config_.put({item_of(collection)});
  return collection;
}

void Collections::remove(const Request& request) {
  config_.remove({key(required(request.user, "user"), required(request.collection, "collection"))});
}

void Collections::create(const std::string& user, const std::string& collection, std::int64_t version) {
  const auto item = item_of({.user = user, .collection = collection, .name = collection});
  try {
    config_.apply({.put = {item}, .remove = {}}, version);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    config_.put({item});  // the Python service cannot tell whether somebody else was first
  }
}

}  // namespace omnibus::librarian
