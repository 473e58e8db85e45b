/// Opening, questions, the end. Flows are in session_flows.cpp.

#include "backends/mqtt/session.hpp"

#include <utility>

#include "backends/mqtt/reason.hpp"

namespace omnibus::mqtt {

void Session::open(const std::shared_ptr<Context>& context, Config config,
                   const std::weak_ptr<SessionEvents>& events, Opened opened) {
  const auto session = std::make_shared<Session>(context, std::move(config), events);
  auto settings = session->config_.connection;
  try {
    const auto& folder = context->parameters.state;
    if (session->config_.kept && !folder.empty()) session->state_->keep_in(folder, settings.client_id);
  } catch (const Error& error) {
    return context->loop.post(
        [told = error, opened = std::move(opened)]() mutable { opened(&told, nullptr); });
  }
  if (!session->state_->fresh) settings.clean_start = false;
  Connection::open(context, std::move(settings), session,
                   [session, opened = std::move(opened)](const Error* error,
                                                         std::shared_ptr<Connection> connection) mutable {
                     if (error != nullptr) return opened(error, nullptr);
                     session->connection_ = std::move(connection);
                     try {
                       session->resume();
                     } catch (const Error& failed) {
                       session->connection_->abort(failed);
                       return opened(&failed, nullptr);
                     }
                     opened(nullptr, session);
                   });
}

Session::Session(std::shared_ptr<Context> context, Config config, std::weak_ptr<SessionEvents> events)
    : context_(std::move(context)),
      config_(std::move(config)),
      events_(std::move(events)),
      state_(context_->state_of(config_.connection.client_id)) {}

bool Session::in_use(std::uint16_t id) const {
  return unconfirmed_.count(id) > 0 || state_->flights.count(id) > 0 || questions_.count(id) > 0;
}

/// The callers' windows and the broker's receive maximum keep far fewer than all in use.
std::uint16_t Session::next_id() {
  do {
    if (++last_id_ == 0) ++last_id_;
  } while (in_use(last_id_));
  return last_id_;
}

void Session::subscribe(const std::vector<Subscribe::Filter>& filters, Completion done) {
  if (lost_) return done(&*lost_);
  Subscribe packet{.id = next_id(), .filters = filters};
  questions_.emplace(packet.id, std::move(done));
  connection_->send(Packet(packet));
}

void Session::unsubscribe(const std::vector<std::string>& filters, Completion done) {
  if (lost_) return done(&*lost_);
  Unsubscribe packet{.id = next_id()};
  packet.filters.assign(filters.begin(), filters.end());
  questions_.emplace(packet.id, std::move(done));
  connection_->send(Packet(packet));
}

void Session::on_subscribed(const Subscribed& answer) {
  const auto found = questions_.find(answer.id);
  if (found == questions_.end()) return;
  auto done = std::move(found->second);
  questions_.erase(found);
  for (const auto reason : answer.reasons) {
    if (!is_failure(reason)) continue;
    const std::string_view what = answer.type == Type::suback
                                      ? "the broker refused a subscription"
                                      : "the broker refused the end of a subscription";
    const Error error = error_of(reason, what, answer.properties.reason_text.value_or(""));
    return done(&error);
  }
  done(nullptr);
}

void Session::close(std::optional<std::uint32_t> expiry, TimePoint deadline, UniqueFunction<void()> done) {
  if (lost_) return done();
  const auto self = shared_from_this();
  end(make_error(ErrorCode::closed, "the session is closed", false));
  if (config_.connection.session_expiry == 0) expiry.reset();  // it may not be raised, and needs no lowering
  connection_->close(expiry, deadline, [self, done = std::move(done)]() mutable { done(); });
}

void Session::on_lost(const Error& error) {
  if (lost_) return;
  const auto self = shared_from_this();
  end(error);
  if (const auto events = events_.lock()) events->on_lost(error);
}

/// What is of QoS 2 stays in the state: who sends it again goes on where this ended.
void Session::end(const Error& error) {
  if (lost_) return;
  lost_ = error;
  auto waiting = std::exchange(waiting_, {});
  auto unconfirmed = std::exchange(unconfirmed_, {});
  auto questions = std::exchange(questions_, {});
  for (auto& [id, one] : unconfirmed) {
    if (one.request.done) one.request.done(&*lost_);
  }
  for (auto& request : waiting) request.done(&*lost_);
  for (auto& [id, done] : questions) done(&*lost_);
}

}  // namespace omnibus::mqtt
