#pragma once

#include <string>
#include <string_view>

#include <omnibus/bus.hpp>

#include "services/librarian/collections.hpp"
#include "services/librarian/documents.hpp"

namespace omnibus::librarian {

/// The operations on processing: a document that was handed to a flow. `key` as for Documents.
/// Threads: any.
class Processing {
 public:
  /// `id` is the processor, a metrics label.
  Processing(Bus bus, std::string id, Library& library, const Contents& contents, Claims& claims,
             config::Client& config);

  /// Hands the document to its flow. Order: check everything, make the collection if it is missing, send the
  /// document until the broker has it, write it down. A crash in between leaves nothing written down, and the
  /// request that comes again sends the document once more.
  /// Errors: in the words that existing clients know; ConfigError for a flow that lacks the interface; as
  /// Library, Contents, config::Client and framework::Producer.
  void add(const catalogue::LibrarianRequest& request, std::string_view key);
  void remove(const catalogue::LibrarianRequest& request, std::string_view key);

 private:
  /// The queue that takes documents of the kind, after making sure of the collection.
  QueueName input(const catalogue::ProcessingMetadata& processing, const std::string& kind);
  void send(const QueueName& queue, const catalogue::DocumentMetadata& document,
            const catalogue::ProcessingMetadata& processing);

  Bus bus_;
  const std::string id_;
  Library& library_;
  const Contents& contents_;
  Claims& claims_;
  config::Client& config_;
  Collections collections_;
};

}  // namespace omnibus::librarian
