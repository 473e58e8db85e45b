#include "services/knowledge/requests.hpp"

#include "services/flow/interfaces.hpp"
#include "services/knowledge/confirmations.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::knowledge {

using catalogue::KnowledgeResponse;

namespace {

KnowledgeResponse response_of(catalogue::Triples& triples) {
  KnowledgeResponse response;
  response.triples = std::move(triples);
  return response;
}

KnowledgeResponse response_of(catalogue::GraphEmbeddings& embeddings) {
  KnowledgeResponse response;
  response.graph_embeddings = std::move(embeddings);
  return response;
}

const std::string& queue_of(const flow::Interfaces& interfaces, const std::string& name) {
  const auto found = interfaces.find(name);
  if (found == interfaces.end()) throw ConfigError("Flow has no " + name);
  (void)QueueName::parse(found->second);
  return found->second;
}

}  // namespace

KnowledgeResponse error_answer(std::string_view type, std::string_view message) {
  KnowledgeResponse response;
  response.error = catalogue::Error{std::string(type), std::string(message)};
  if (type == rpc::request_error || type == rpc::unexpected_error) response.ids.emplace();
  return response;
}

void Requests::handle(const Request& request, std::string_view key, const Reply& reply) {
  KnowledgeResponse last;
  try {
    last = answer(request, key, reply);
  } catch (const rpc::RequestError& error) {
    last = error_answer(rpc::request_error, error.what());
  } catch (const ClosedError&) {
    throw;
  } catch (...) {
    const auto type = request.operation == "load-kg-core" ? "load-error" : rpc::unexpected_error;
    last = error_answer(type, to_error(std::current_exception()).what());
  }
  reply.send(last);
}

KnowledgeResponse Requests::answer(const Request& request, std::string_view key, const Reply& reply) {
  const auto& operation = request.operation;
  KnowledgeResponse last;
  if (operation == "list-kg-cores") {
    last.ids = store_.cores(rpc::required(request.user, operation, "user"));
  } else if (operation == "get-kg-core") {
    get(request, reply);
    last.eos = true;
  } else if (operation == "put-kg-core") {
    put(request, key);
  } else if (operation == "delete-kg-core") {
    const auto& user = rpc::required(request.user, operation, "user");
    const auto& core = rpc::required(request.id, operation, "id");
    store_.remove(user, core, key);
  } else if (operation == "load-kg-core") {
    load(request, key);
  } else if (operation == "unload-kg-core") {
    last = error_answer("not-implemented", "Not implemented");
  } else {
    throw rpc::RequestError(operation.empty() ? "Null operation" : "Invalid operation: " + operation);
  }
  return last;
}

void Requests::get(const Request& request, const Reply& reply) {
  const auto& user = rpc::required(request.user, request.operation, "user");
  const auto& core = rpc::required(request.id, request.operation, "id");
  Confirmations sent;
  Place after;
  for (auto pieces = store_.read(user, core, after); !pieces.empty();
       pieces = store_.read(user, core, after)) {
    for (auto& piece : pieces) {
      const auto response = std::visit([](auto& content) { return response_of(content); }, piece.content);
      reply.send_async(response, sent.expect());
    }
    sent.wait();
    after = pieces.back().place;
  }
}

void Requests::put(const Request& request, std::string_view key) {
  if (!request.triples && !request.graph_embeddings) return;
  store_.put(request.triples ? &*request.triples : nullptr,
             request.graph_embeddings ? &*request.graph_embeddings : nullptr, key);
}

void Requests::load(const Request& request, std::string_view key) {
  if (!request.id) throw ConfigError("Core ID must be specified");
  if (!request.flow) throw ConfigError("Flow ID must be specified");
  const auto& user = rpc::required(request.user, request.operation, "user");
  const auto definition = config_.get({{"flow", *request.flow}}).values.at(0);
  if (!definition) throw Error(ErrorCode::not_found, "Invalid flow");
  const auto interfaces = flow::interfaces_of(*request.flow, *definition);
  if (!interfaces) throw ConfigError("No defined interfaces");
  const auto collection = request.collection.value_or("");
  store_.add({.user = user,
              .core = *request.id,
              .flow = *request.flow,
              .collection = collection.empty() ? "default" : collection,
              .triples_queue = queue_of(*interfaces, "triples-store"),
              .embeddings_queue = queue_of(*interfaces, "graph-embeddings-store")},
             key);
  loader_.wake();
}

}  // namespace omnibus::knowledge
