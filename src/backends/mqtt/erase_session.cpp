#include "backends/mqtt/erase_session.hpp"

#include <utility>

#include "backends/mqtt/connection.hpp"

namespace omnibus::mqtt {

/// A clean start ends what was, and without an expiry nothing is left.
void erase_session(const std::shared_ptr<Context>& context, const std::string& client_id, Completion done) {
  context->states.erase(client_id);
  Connection::open(context, {.client_id = client_id, .clean_start = true, .session_expiry = 0}, {},
                   [context, done = std::move(done)](const Error* error,
                                                     const std::shared_ptr<Connection>& connection) mutable {
                     if (error != nullptr) return done(error);
                     connection->close(std::nullopt, deadline_after(context->parameters.connect_timeout),
                                       [connection, done = std::move(done)]() mutable { done(nullptr); });
                   });
}

}  // namespace omnibus::mqtt
