#include "services/librarian/documents.hpp"

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

#include "services/rpc/request_error.hpp"

namespace omnibus::librarian {
namespace {

[[noreturn]] void refuse_missing() { throw Error(ErrorCode::not_found, "Document does not exist"); }

}  // namespace

Stored find(const Library& library, std::string_view user, std::string_view id) {
  if (auto found = library.document(user, id)) return std::move(*found);
  throw Error(ErrorCode::not_found, "No such document row?");
}

void Documents::add(const catalogue::LibrarianRequest& request, std::string_view key) {
  const auto& metadata = rpc::required(request.document_metadata, request.operation, "document_metadata");
  if (metadata.kind != "text/plain" && metadata.kind != "application/pdf") {
    throw rpc::RequestError("Invalid document kind: " + metadata.kind);
  }
  const auto& content = rpc::required(request.content, request.operation, "content");
  const auto claim = claims_.document(metadata.user, metadata.id);
  if (library_.answered(key)) return;
  if (library_.document(metadata.user, metadata.id)) {
    throw Error(ErrorCode::conflict, "Document already exists");
  }
  library_.add(Stored{metadata, contents_.add(content)}, key);
}

void Documents::update(const catalogue::LibrarianRequest& request, std::string_view key) {
  auto metadata = rpc::required(request.document_metadata, request.operation, "document_metadata");
  const auto claim = claims_.document(metadata.user, metadata.id);
  if (library_.answered(key)) return;
  const auto before = library_.document(metadata.user, metadata.id);
  if (!before) refuse_missing();
  metadata.kind = before->metadata.kind;
  library_.update(metadata, key);
}

void Documents::remove(const catalogue::LibrarianRequest& request, std::string_view key) {
  const auto& user = rpc::required(request.user, request.operation, "user");
  const auto& id = rpc::required(request.document_id, request.operation, "document_id");
  const auto claim = claims_.document(user, id);
  if (library_.answered(key)) return;
  const auto before = library_.document(user, id);
  if (!before) refuse_missing();
  library_.remove_document(user, id, key);
  try {
    contents_.remove(before->content);
  } catch (const Error& error) {
    log::write(log::Level::warning, std::string(error.what()) + "; the next start does");
  }
}

catalogue::DocumentMetadata Documents::metadata(const catalogue::LibrarianRequest& request) const {
  return find(library_, rpc::required(request.user, request.operation, "user"),
              rpc::required(request.document_id, request.operation, "document_id"))
      .metadata;
}

std::string Documents::content(const catalogue::LibrarianRequest& request) const {
  return read_content(library_, rpc::required(request.user, request.operation, "user"),
                      rpc::required(request.document_id, request.operation, "document_id"),
                      [&](const std::string& content) { return contents_.read_base64(content); });
}

}  // namespace omnibus::librarian
