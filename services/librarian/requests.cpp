#include "services/librarian/requests.hpp"

#include "services/rpc/request_error.hpp"

namespace omnibus::librarian {

using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;

LibrarianResponse library_error(std::string_view type, std::string_view message) {
  return {.error = catalogue::Error{std::string(type), std::string(message)},
          .document_metadata = std::nullopt,
          .content = Bytes(),
          .document_metadatas = {{}},
          .processing_metadatas = {{}}};
}

LibrarianResponse Requests::handle(const LibrarianRequest& request, std::string_view key) {
  try {
    return answer(request, key);
  } catch (const rpc::RequestError& error) {
    return library_error(rpc::request_error, error.what());
  } catch (const ClosedError&) {
    throw;
  } catch (...) {
    return library_error(rpc::unexpected_error, to_error(std::current_exception()).what());
  }
}

LibrarianResponse Requests::answer(const LibrarianRequest& request, std::string_view key) {
  const auto& operation = request.operation;
  LibrarianResponse response;
  if (operation == "add-document") {
    documents_.add(request, key);
  } else if (operation == "remove-document") {
    documents_.remove(request, key);
  } else if (operation == "update-document") {
    documents_.update(request, key);
  } else if (operation == "get-document-metadata") {
    response.document_metadata = documents_.metadata(request);
  } else if (operation == "get-document-content") {
    response.content = documents_.content(request);
  } else if (operation == "list-documents") {
    response.document_metadatas = library_.documents(rpc::required(request.user, operation, "user"));
  } else if (operation == "add-processing") {
    processing_.add(request, key);
  } else if (operation == "remove-processing") {
    processing_.remove(request, key);
  } else if (operation == "list-processing") {
    response.processing_metadatas = library_.processing(rpc::required(request.user, operation, "user"));
  } else {
    throw rpc::RequestError(operation.empty() ? "Null operation" : "Invalid operation: " + operation);
  }
  return response;
}

}  // namespace omnibus::librarian
