#include "services/librarian/processing.hpp"

#include <omnibus/catalogue/document.hpp>
#include <omnibus/framework/producer.hpp>

#include "services/flow/interfaces.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::librarian {
namespace {

using catalogue::ProcessingMetadata;

/// How often somebody else may change the configuration between our look and our change of it.
constexpr int most_conflicts = 100;

std::string interface_of(const std::string& kind) {
  return kind == "text/plain" ? "text-load" : "document-load";
}

QueueName queue_of(const std::string& flow, const std::string& definition, const std::string& interface) {
  const auto interfaces = flow::interfaces_of(flow, definition).value_or(flow::Interfaces{});
  const auto queue = interfaces.find(interface);
  if (queue == interfaces.end())
    throw ConfigError("flow '" + flow + "' has no interface '" + interface + "'");
  return QueueName::parse(queue->second);
}

template <class Document>
void send_to(const Bus& bus, const std::string& id, const std::string& flow, const std::string& interface,
             const QueueName& queue, const Document& document) {
  framework::Producer<Document> producer(bus, id, flow, interface, queue);
  producer.send(document);
}

}  // namespace

Processing::Processing(Bus bus, std::string id, Library& library, const Contents& contents, Claims& claims,
                       config::Client& config)
    : bus_(std::move(bus)),
      id_(std::move(id)),
      library_(library),
      contents_(contents),
      claims_(claims),
      config_(config),
      collections_(config) {}

void Processing::add(const catalogue::LibrarianRequest& request, std::string_view key) {
  const auto& processing =
      rpc::required(request.processing_metadata, request.operation, "processing_metadata");
  if (processing.collection.empty()) throw ConfigError("Collection parameter is required");
  const auto claim = claims_.processing(processing.user, processing.id);
  if (library_.answered(key)) return;
  if (library_.has_processing(processing.user, processing.id)) {
    throw Error(ErrorCode::conflict, "Processing already exists");
  }
  const auto document = find(library_, processing.user, processing.document_id).metadata;
  send(input(processing, document.kind), document, processing);
  library_.add(processing, key);
}

QueueName Processing::input(const ProcessingMetadata& processing, const std::string& kind) {
  for (int conflicts = 0;;) {
    const auto entries =
        config_.get({{"flow", processing.flow}, Collections::key(processing.user, processing.collection)});
    const auto& flow = entries.values.at(0);
    if (!flow) throw Error(ErrorCode::not_found, "Invalid flow ID");
    auto queue = queue_of(processing.flow, *flow, interface_of(kind));
    if (entries.values.at(1)) return queue;
    try {
      collections_.create(processing.user, processing.collection, entries.version);
      return queue;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict || ++conflicts == most_conflicts) throw;
    }
  }
}

void Processing::send(const QueueName& queue, const catalogue::DocumentMetadata& document,
                      const ProcessingMetadata& processing) {
  const bool text = document.kind == "text/plain";
  auto content = read_content(library_, document.user, document.id, [&](const std::string& id) {
    return text ? contents_.read(id) : contents_.read_base64(id);
  });
  const catalogue::Metadata metadata{.id = document.id,
                                     .metadata = document.metadata,
                                     .user = processing.user,
                                     .collection = processing.collection};
  const auto interface = interface_of(document.kind);
  if (text) {
    const catalogue::TextDocument whole{.metadata = metadata, .text = std::move(content)};
    send_to(bus_, id_, processing.flow, interface, queue, whole);
  } else {
    const catalogue::Document whole{.metadata = metadata, .data = std::move(content)};
    send_to(bus_, id_, processing.flow, interface, queue, whole);
  }
}

void Processing::remove(const catalogue::LibrarianRequest& request, std::string_view key) {
  const auto& user = rpc::required(request.user, request.operation, "user");
  const auto& id = rpc::required(request.processing_id, request.operation, "processing_id");
  const auto claim = claims_.processing(user, id);
  if (library_.answered(key)) return;
  if (!library_.has_processing(user, id)) {
    throw Error(ErrorCode::not_found, "Processing object does not exist");
  }
  library_.remove_processing(user, id, key);
}

}  // namespace omnibus::librarian
