#include "backends/mqtt/trunk.hpp"

#include <utility>

#include "backends/mqtt/reason.hpp"
#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

/// How long the broker keeps what is open of QoS 2 when the link is lost; a Bus that closes ends it.
constexpr std::uint32_t expiry = 3600;

}  // namespace

Trunk::Trunk(std::shared_ptr<Context> context)
    : context_(std::move(context)),
      client_id_(context_->parameters.client_id_prefix + plain(context_->instance) + "-" + context_->token) {}

void Trunk::session(Session::Opened opened) {
  if (context_->closed) {
    const Error error = make_error(ErrorCode::closed, "the bus is closed", false);
    return opened(&error, nullptr);
  }
  if (session_) return opened(nullptr, session_);
  waiting_.push_back(std::move(opened));
  if (waiting_.size() > 1) return;
  const bool lasting = context_->version == Version::v5;  // in 3.1.1 it would stay for ever
  Session::open(
      context_,
      {.connection = {.client_id = client_id_, .clean_start = true, .session_expiry = lasting ? expiry : 0}},
      weak_from_this(), [self = shared_from_this()](const Error* error, std::shared_ptr<Session> made) {
        self->opened(error, std::move(made));
      });
}

void Trunk::opened(const Error* error, std::shared_ptr<Session> session) {
  session_ = std::move(session);
  for (auto& one : std::exchange(waiting_, {})) one(error, session_);
}

void Trunk::watch(const std::string& prefix, const std::string& filter, const std::weak_ptr<Watcher>& watcher,
                  Completion done) {
  session([self = shared_from_this(), prefix, filter, watcher, done = std::move(done)](
              const Error* error, const std::shared_ptr<Session>& session) mutable {
    if (error != nullptr) return done(error);
    // Without these nobody can tell; then nothing is told.
    if (!session->terms().retain || !session->terms().wildcards) return done(nullptr);
    self->watchers_[prefix] = watcher;
    // What is retained comes with the answer; a ping's answer comes behind it.
    session->subscribe({{.filter = filter, .qos = 0}},
                       [session, done = std::move(done)](const Error* refused) mutable {
                         if (refused != nullptr) return done(refused);
                         session->ping(std::move(done));
                       });
  });
}

void Trunk::unwatch(const std::string& prefix, const std::string& filter,
                    const std::weak_ptr<Watcher>& watcher) {
  const auto found = watchers_.find(prefix);
  const std::owner_less<std::weak_ptr<Watcher>> before;
  if (found == watchers_.end() || before(found->second, watcher) || before(watcher, found->second)) return;
  watchers_.erase(found);
  if (session_) session_->unsubscribe({filter}, [](const Error*) {});
}

void Trunk::on_publish(const Publish& publish) {
  auto found = watchers_.upper_bound(publish.topic);
  if (found == watchers_.begin()) return;
  --found;
  if (!publish.topic.starts_with(found->first)) return;
  if (const auto watcher = found->second.lock()) watcher->on_presence(publish.topic, publish.payload);
}

void Trunk::on_lost(const Error& error) {
  session_.reset();
  const auto watchers = std::exchange(watchers_, {});
  for (const auto& [prefix, weak] : watchers) {
    if (const auto watcher = weak.lock()) watcher->on_trunk_lost(error);
  }
}

void Trunk::close(TimePoint deadline, UniqueFunction<void()> done) {
  if (!session_) return done();
  const auto session = std::exchange(session_, nullptr);
  session->close(0, deadline, [session, done = std::move(done)]() mutable { done(); });
}

}  // namespace omnibus::mqtt
