#pragma once

#include <functional>

#include "services/config/messages.hpp"
#include "services/config/store.hpp"

namespace omnibus::config {

/// Answers requests from a Store and announces its changes.
/// Order of a change: write, raise the version, announce, answer. One announcement per request.
/// Threads: one caller at a time.
class Requests {
 public:
  /// Tells everybody the whole configuration. May throw: the change stays, the caller hears of it.
  using Announce = std::function<void(const Snapshot&)>;

  /// Units: `max_message`, bytes of the largest message the broker takes; 0 = no limit.
  Requests(Store& store, std::size_t max_message, Announce announce);

  /// Never throws: a failure is an answer with an error. Source: trustgraph services, "config-svc".
  catalogue::ConfigResponse handle(const ConfigCall& call) noexcept;

 private:
  void answer(const ConfigCall& call, catalogue::ConfigResponse& response);
  /// The version after it.
  std::int64_t change(const Change& change, std::optional<std::int64_t> if_version);
  void get(const ConfigCall& call, catalogue::ConfigResponse& response) const;
  void list(const ConfigCall& call, catalogue::ConfigResponse& response) const;
  void get_values(const ConfigCall& call, catalogue::ConfigResponse& response) const;
  void whole(catalogue::ConfigResponse& response) const;
  void apply(const ConfigCall& call, catalogue::ConfigResponse& response);
  void check_size(const Snapshot& result) const;

  Store& store_;
  const std::size_t max_message_;
  const Announce announce_;
};

/// An answer that carries nothing but an error.
catalogue::ConfigResponse error_answer(std::string_view type, std::string_view message);

}  // namespace omnibus::config
