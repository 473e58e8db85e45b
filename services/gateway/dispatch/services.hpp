#pragma once

/// The services that clients can reach. A new one is a translator and a line in services.cpp.

#include <memory>
#include <span>
#include <string_view>

#include "services/gateway/dispatch/dispatcher.hpp"
#include "services/gateway/dispatch/exporter.hpp"

namespace omnibus::gateway {

struct ServiceType {
  std::string_view kind;  ///< as in the URL
  std::string_view name;  ///< of the line; two lines of one kind differ
  bool answers;           ///< an interface with request and response; else one queue
  std::unique_ptr<Dispatcher> (*make)(const DispatcherPlan& plan);
  /// Which requests of the kind this line serves; null: all that no earlier line took.
  bool (*serves)(const boost::json::value& body) = nullptr;
  std::string_view request = {}, response = {};  ///< of a global service
};

/// What import and export sockets carry.
struct StreamType {
  std::string_view kind;       ///< as in the URL
  std::string_view interface;  ///< of the flow: one queue
  ServiceType import;
  /// Null when there is no export.
  std::unique_ptr<Exporter> (*make_exporter)(const ExportPlan& plan);
};

/// Null when the kind is unknown.
const StreamType* find_stream(std::string_view kind) noexcept;

std::span<const ServiceType> global_services() noexcept;
std::span<const ServiceType> flow_services() noexcept;

/// The line for services that no other line serves; their messages pass through.
const ServiceType& other_service() noexcept;
/// The same for an interface of a flow; null when it has no {request, response}.
const ServiceType* find_other(const boost::json::value& interface) noexcept;

/// The line for a request; null when the kind is unknown.
const ServiceType* find_service(std::span<const ServiceType> services, std::string_view kind,
                                const boost::json::value& body);

}  // namespace omnibus::gateway
