#pragma once

#include <memory>

#include <omnibus/detail/handles.hpp>

#include "core/connection.hpp"

namespace omnibus::detail {

/// Begins a transaction; `owner` keeps the connection. Errors: ConfigError where the backend has none; what
/// the driver reports; Error{unavailable} after the connect timeout.
std::unique_ptr<TransactionHandle> begin_transaction(std::shared_ptr<BusCore> owner);

}  // namespace omnibus::detail
