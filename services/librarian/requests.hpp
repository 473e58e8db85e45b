#pragma once

#include "services/librarian/processing.hpp"

namespace omnibus::librarian {

/// Answers requests on documents and their processing. Threads: any; requests about one thing happen one
/// after the other.
class Requests {
 public:
  Requests(Library& library, Documents& documents, Processing& processing)
      : library_(library), documents_(documents), processing_(processing) {}

  /// `key` names the request, rpc::identity. A failure is an answer with an error. Errors: ClosedError.
  /// Source: trustgraph services, "librarian and collections".
  catalogue::LibrarianResponse handle(const catalogue::LibrarianRequest& request, std::string_view key);

 private:
  catalogue::LibrarianResponse answer(const catalogue::LibrarianRequest& request, std::string_view key);

  Library& library_;
  Documents& documents_;
  Processing& processing_;
};

/// An answer that carries nothing but an error: all lists are there and empty, as existing clients get them.
catalogue::LibrarianResponse library_error(std::string_view type, std::string_view message);

}  // namespace omnibus::librarian
