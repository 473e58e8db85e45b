#pragma once

#include <memory>

#include "services/gateway/dispatch/dispatcher.hpp"

namespace omnibus::gateway {

/// For services that the gateway has no tables for: the request's JSON is the message on the queue, with the
/// message's own field names, and so is the answer. An answer is the last one unless it says that more come:
/// one of `end_of_stream`, `end_of_dialog`, `end_of_session`, `eos` is false. An `error` object with a
/// `type` or a `message` ends it as the refusal of any service.
std::unique_ptr<Dispatcher> pass_through(const DispatcherPlan& plan);

}  // namespace omnibus::gateway
