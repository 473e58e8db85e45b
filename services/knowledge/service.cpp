#include "services/knowledge/service.hpp"

#include <omnibus/log.hpp>

#include "services/knowledge/requests.hpp"
#include "services/rpc/flags.hpp"
#include "services/rpc/request_error.hpp"
#include "services/sqlite/file_lock.hpp"

namespace omnibus::knowledge {
namespace {

constexpr std::string_view concurrency = "knowledge-concurrency";

/// What requests are answered from. Handlers keep it alive.
struct Parts {
  Parts(const Bus& bus, const std::string& id, const std::string& file)
      : lock(file + ".lock", "knowledge store in"),
        store(file),
        config(bus, id),
        loader(bus, id, store),
        requests(store, loader, config) {}

  sqlite::FileLock lock;  // loads belong to one process
  Store store;
  config::Client config;
  Loader loader;
  Requests requests;
};

}  // namespace

struct KnowledgeService::Impl {
  Impl(const Bus& bus, const Settings& settings, const std::string& id)
      : parts(std::make_shared<Parts>(bus, id, settings.text("knowledge-store"))),
        server(
            bus, rpc::server_settings(settings, id, "knowledge", concurrency),
            [parts = parts](const auto& message, const auto& reply) {
              parts->requests.handle(message.value(), rpc::identity(message), reply);
            },
            [](std::string_view reason) { return error_answer(rpc::unexpected_error, reason); }) {}

  const std::shared_ptr<Parts> parts;
  rpc::Server<catalogue::KnowledgeRequest, catalogue::KnowledgeResponse> server;
};

KnowledgeService::KnowledgeService(Bus bus, Settings settings)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      impl_(std::make_unique<Impl>(this->bus(), this->settings(), id())) {}

KnowledgeService::~KnowledgeService() { KnowledgeService::stop(); }

void KnowledgeService::start() {
  impl_->parts->config.start();
  impl_->parts->loader.start();
  impl_->server.start();
  log::write(log::Level::info, "answering knowledge requests, store " + settings().text("knowledge-store"));
}

void KnowledgeService::stop() {
  impl_->server.stop(time_left());
  impl_->parts->loader.stop(time_left());
  impl_->parts->config.stop(time_left());
  AsyncProcessor::stop();
}

std::string KnowledgeService::ready() const {
  return impl_->server.running() ? std::string{} : "not subscribed to knowledge requests";
}

Flags store_flag(Flags flags) {
  return flags.text("knowledge-store", "file that keeps the knowledge cores",
                    state_directory() + "/knowledge.sqlite", "KNOWLEDGE_STORE");
}

Flags KnowledgeService::flags(Flags flags) {
  flags = store_flag(std::move(flags));
  flags.integer(std::string(concurrency), "knowledge requests in work at once", 4);
  return rpc::queue_flags(std::move(flags), "knowledge", catalogue::knowledge_request_queue,
                          catalogue::knowledge_response_queue);
}

}  // namespace omnibus::knowledge
