#pragma once

#include <string_view>

#include <omnibus/catalogue/library.hpp>
#include <omnibus/error.hpp>

#include "services/librarian/claims.hpp"
#include "services/librarian/contents.hpp"
#include "services/librarian/library.hpp"

namespace omnibus::librarian {

/// The operations on documents. `key` names the request (rpc::identity): one that has been carried out before
/// succeeds again and changes nothing. A crash at any point leaves the document as it was before or as it is
/// after, and at most a file that the next start sweeps.
/// Errors: RequestError; Error{not_found}, Error{conflict} in the words that existing clients know; as
/// Library and Contents. Threads: any.
class Documents {
 public:
  Documents(Library& library, const Contents& contents, Claims& claims)
      : library_(library), contents_(contents), claims_(claims) {}

  void add(const catalogue::LibrarianRequest& request, std::string_view key);
  /// Id, user and kind stay.
  void update(const catalogue::LibrarianRequest& request, std::string_view key);
  void remove(const catalogue::LibrarianRequest& request, std::string_view key);
  catalogue::DocumentMetadata metadata(const catalogue::LibrarianRequest& request) const;
  /// Base64 text.
  std::string content(const catalogue::LibrarianRequest& request) const;

 private:
  Library& library_;
  const Contents& contents_;
  Claims& claims_;
};

/// Errors: Error{not_found}, `No such document row?`.
Stored find(const Library& library, std::string_view user, std::string_view id);

/// Runs `read` on the document's content. One that was removed meanwhile is not found, as `find` says it.
template <class Read>
std::string read_content(const Library& library, std::string_view user, std::string_view id, Read read) {
  const auto stored = find(library, user, id);
  try {
    return read(stored.content);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) (void)find(library, user, id);
    throw;
  }
}

}  // namespace omnibus::librarian
