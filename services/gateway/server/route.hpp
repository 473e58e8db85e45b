#pragma once

/// Which request line means what, and who may come in. Source: gateway facts, "Routes" and "Authentication".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/gateway/page/page.hpp"
#include "services/gateway/server/handler.hpp"

namespace omnibus::gateway {

struct Route {
  enum class Kind : std::uint8_t {
    service,
    socket,
    flow_socket,
    core,
    metrics,
    health,  ///< the gateway runs
    ready,   ///< what is missing
    status,  ///< what is going on
    page,    ///< a file of the web page
    wrong_method,
    not_found
  };
  Kind kind = Kind::not_found;
  std::optional<std::string> flow = std::nullopt;
  std::string service = {};                                         ///< of metrics: what to ask for
  FlowSocket::Direction direction = FlowSocket::Direction::import;  ///< of a flow_socket
  CoreCall core = {};                                               ///< of a core
  std::string token = {};                                           ///< of the query
  const PageFile* file = nullptr;                                   ///< of a page
  std::string_view allow = {};                                      ///< with wrong_method: what is allowed
};

/// For metrics: one of a fixed few.
std::string_view route_name(const Route& where) noexcept;

Route route(std::string_view method, std::string_view target);

/// Whether a request with this Authorization header (null: none) may come in. Another scheme than `Bearer` is
/// refused even when no secret is set.
bool authorised(const std::string_view* header, std::string_view secret);

/// Equal, in a time that does not tell where they differ. An empty secret lets everybody in.
bool token_matches(std::string_view token, std::string_view secret) noexcept;

}  // namespace omnibus::gateway
