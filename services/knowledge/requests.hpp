#pragma once

#include <functional>
#include <string_view>

#include <omnibus/catalogue/knowledge.hpp>

#include "services/config/client.hpp"
#include "services/knowledge/loader.hpp"
#include "services/rpc/server.hpp"

namespace omnibus::knowledge {

/// Answers requests on knowledge cores. Threads: any.
class Requests {
 public:
  using Reply = rpc::Reply<catalogue::KnowledgeResponse>;

  Requests(Store& store, Loader& loader, config::Client& config)
      : store_(store), loader_(loader), config_(config) {}

  /// Returns when the last answer is with the broker. `key` names the request, rpc::identity: one that has
  /// been carried out before succeeds again and changes nothing. A failure is an answer with an error.
  /// Errors: ClosedError; as framework::Producer. Source: trustgraph services, "knowledge".
  void handle(const catalogue::KnowledgeRequest& request, std::string_view key, const Reply& reply);

 private:
  using Request = catalogue::KnowledgeRequest;
  /// The last answer; those before it are sent.
  catalogue::KnowledgeResponse answer(const Request& request, std::string_view key, const Reply& reply);
  void get(const Request& request, const Reply& reply);
  void put(const Request& request, std::string_view key);
  void load(const Request& request, std::string_view key);

  Store& store_;
  Loader& loader_;
  config::Client& config_;
};

/// An answer that carries nothing but an error. Errors of requests have an empty list of ids, those of loads
/// have none, as existing clients get them.
catalogue::KnowledgeResponse error_answer(std::string_view type, std::string_view message);

}  // namespace omnibus::knowledge
