#include "services/librarian/service.hpp"

#include <omnibus/log.hpp>

#include "services/librarian/requests.hpp"
#include "services/librarian/store_flags.hpp"
#include "services/rpc/flags.hpp"
#include "services/rpc/request_error.hpp"
#include "services/sqlite/file_lock.hpp"

namespace omnibus::librarian {
namespace {

using catalogue::CollectionManagementRequest;
using catalogue::CollectionManagementResponse;
using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;

/// What requests are answered from. Handlers keep it alive.
struct Parts {
  Parts(const Bus& bus, const std::string& id, const Settings& settings, const std::filesystem::path& folder)
      : lock(folder / "lock", "library"),
        library(folder / "library.sqlite"),
        contents(contents_of(settings, library.name())),
        config(bus, id),
        documents(library, *contents, claims),
        processing(bus, id, library, *contents, claims, config),
        requests(library, documents, processing),
        collections(config) {}

  sqlite::FileLock lock;
  Library library;
  const std::unique_ptr<Contents> contents;
  Claims claims;
  config::Client config;
  Documents documents;
  Processing processing;
  Requests requests;
  Collections collections;
};

constexpr std::string_view concurrency = "librarian-concurrency";

}  // namespace

struct LibrarianService::Impl {
  Impl(const Bus& bus, const Settings& settings, const std::string& id)
      : parts(std::make_shared<Parts>(bus, id, settings, settings.text("librarian-store"))),
        library(
            bus, rpc::server_settings(settings, id, "librarian", concurrency),
            [parts = parts](const auto& message, const auto& reply) {
              reply.send(parts->requests.handle(message.value(), rpc::identity(message)));
            },
            [](std::string_view reason) { return library_error(rpc::unexpected_error, reason); }),
        collections(
            bus, rpc::server_settings(settings, id, "collection", concurrency),
            [parts = parts](const auto& message, const auto& reply) {
              reply.send(parts->collections.handle(message.value()));
            },
            [](std::string_view reason) { return collection_error(rpc::unexpected_error, reason); }) {}

  const std::shared_ptr<Parts> parts;
  rpc::Server<LibrarianRequest, LibrarianResponse> library;
  rpc::Server<CollectionManagementRequest, CollectionManagementResponse> collections;
};

LibrarianService::LibrarianService(Bus bus, Settings settings)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      impl_(std::make_unique<Impl>(this->bus(), this->settings(), id())) {
  const auto& parts = *impl_->parts;
  const auto swept = parts.contents->sweep(parts.library.contents());
  if (swept == 0) return;
  log::write(log::Level::info, "removed " + std::to_string(swept) + " contents without a document");
}

LibrarianService::~LibrarianService() { LibrarianService::stop(); }

void LibrarianService::start() {
  impl_->parts->config.start();
  impl_->library.start();
  impl_->collections.start();
  log::write(log::Level::info,
             "answering library and collection requests, store " + settings().text("librarian-store"));
}

void LibrarianService::stop() {
  impl_->parts->contents->leave();
  impl_->library.stop(time_left());
  impl_->collections.stop(time_left());
  impl_->parts->config.stop(time_left());
  AsyncProcessor::stop();
}

std::string LibrarianService::ready() const {
  if (!impl_->library.running()) return "not subscribed to library requests";
  return impl_->collections.running() ? std::string{} : "not subscribed to collection requests";
}

Flags LibrarianService::flags(Flags flags) {
  flags = store_flags(std::move(flags));
  flags.integer(std::string(concurrency), "library requests in work at once, and collection requests", 4);
  flags = rpc::queue_flags(std::move(flags), "librarian", catalogue::librarian_request_queue,
                           catalogue::librarian_response_queue);
  return rpc::queue_flags(std::move(flags), "collection", catalogue::collection_request_queue,
                          catalogue::collection_response_queue);
}

}  // namespace omnibus::librarian
