#include "backends/pulsar/session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

constexpr int most_hops = 20;
constexpr std::size_t most_remembered = 1000;
constexpr Duration silent_time = std::chrono::minutes(1);
constexpr Duration orphan_time = std::chrono::minutes(2);

Error closed_error() { return make_error(ErrorCode::closed, "the Bus is closed", false); }

/// The address of a broker as a lookup gives it: pulsar://host:port or pulsar+ssl://host:port.
wire::Address broker_address(const std::string& url) {
  const auto at = url.find("://");
  return wire::Address::parse(
      at == std::string::npos ? std::string_view(url) : std::string_view(url).substr(at + 3), 6650);
}

}  // namespace

void Session::connect(const Connection::Place& place, Opened opened) {
  if (closed_) {
    const Error error = closed_error();
    return opened(&error, nullptr);
  }
  Slot& slot = slots_[place];
  if (slot.connection && slot.connection->up()) return opened(nullptr, slot.connection);
  slot.connection.reset();
  slot.waiting.push_back(std::move(opened));
  if (slot.waiting.size() > 1) return;
  slot.opening = Connection::open(
      *loop_, parameters_, place,
      [self = shared_from_this(), place](const Error* error, const std::shared_ptr<Connection>& connection) {
        self->connected(place, error, connection);
      });
}

void Session::connected(const Connection::Place& place, const Error* error,
                        const std::shared_ptr<Connection>& connection) {
  if (closed_) {
    if (connection) connection->close(closed_error());
    return;
  }
  Slot& slot = slots_[place];
  slot.connection = connection;
  for (auto& one : std::exchange(slot.waiting, {})) one(error, connection);
}

void Session::service(Opened opened) { try_service(0, std::move(opened)); }

void Session::try_service(std::size_t index, Opened opened) {
  const auto& brokers = parameters_.brokers;
  const std::size_t chosen = (good_broker_ + index) % brokers.size();
  connect({brokers[chosen]}, [self = shared_from_this(), index, chosen, opened = std::move(opened)](
                                 const Error* error, std::shared_ptr<Connection> connection) mutable {
    if (error == nullptr) self->good_broker_ = chosen;
    const bool another =
        error != nullptr && error->retryable() && index + 1 < self->parameters_.brokers.size();
    if (another) return self->try_service(index + 1, std::move(opened));
    opened(error, std::move(connection));
  });
}

void Session::lookup(const std::string& topic, Opened opened) {
  service([self = shared_from_this(), topic, opened = std::move(opened)](
              const Error* error, const std::shared_ptr<Connection>& connection) mutable {
    if (error != nullptr) return opened(error, nullptr);
    self->ask(connection, topic, false, 0, std::move(opened));
  });
}

void Session::ask(const std::shared_ptr<Connection>& connection, const std::string& topic, bool authoritative,
                  int hops, Opened opened) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::LOOKUP);
  auto* lookup = command.mutable_lookuptopic();
  const auto id = connection->next_id();
  lookup->set_request_id(id);
  lookup->set_topic(topic);
  lookup->set_authoritative(authoritative);
  if (!parameters_.listener.empty()) lookup->set_advertised_listener_name(parameters_.listener);
  connection->request(
      command, id, "cannot look up " + topic,
      [self = shared_from_this(), asked = connection->address(), topic, hops, opened = std::move(opened)](
          const Error* error, const proto::BaseCommand& answer) mutable {
        if (error != nullptr) return opened(error, nullptr);
        self->follow(answer.lookuptopicresponse(), asked, topic, hops, std::move(opened));
      });
}

void Session::follow(const proto::CommandLookupTopicResponse& response, const wire::Address& asked,
                     const std::string& topic, int hops, Opened opened) {
  std::optional<Error> refused;
  Connection::Place place;
  const auto& url = parameters_.tls ? response.brokerserviceurltls() : response.brokerserviceurl();
  if (url.empty()) {
    refused =
        make_error(ErrorCode::unsupported,
                   "the broker of " + topic + " tells no " + (parameters_.tls ? "TLS" : "plain") + " address",
                   false, "use pulsar+ssl:// with TLS brokers, pulsar:// with others");
  } else if (hops >= most_hops) {
    refused = make_error(ErrorCode::protocol, "the lookup of " + topic + " is redirected without end", true);
  } else {
    try {
      place.address = broker_address(url);
    } catch (const Error& malformed) {
      refused =
          make_error(ErrorCode::protocol, "the lookup of " + topic + " gave " + malformed.message(), true);
    }
  }
  if (refused) return opened(&*refused, nullptr);
  // A proxy, or a standalone broker that does not trust its own advertised address: reached by the same way.
  if (response.proxy_through_service_url() && place.address != asked) place = {asked, place.address};
  if (response.response() != proto::CommandLookupTopicResponse::Redirect)
    return connect(place, std::move(opened));
  connect(place, [self = shared_from_this(), topic, hops, authoritative = response.authoritative(),
                  opened = std::move(opened)](const Error* error,
                                              const std::shared_ptr<Connection>& connection) mutable {
    if (error != nullptr) return opened(error, nullptr);
    self->ask(connection, topic, authoritative, hops + 1, std::move(opened));
  });
}

void Session::partitions(const std::string& topic, driver::Result<std::size_t> done) {
  service([topic, done = std::move(done)](const Error* error,
                                          const std::shared_ptr<Connection>& connection) mutable {
    if (error != nullptr) return done(error, 0);
    proto::BaseCommand command;
    command.set_type(proto::BaseCommand::PARTITIONED_METADATA);
    const auto id = connection->next_id();
    command.mutable_partitionmetadata()->set_request_id(id);
    command.mutable_partitionmetadata()->set_topic(topic);
    connection->request(
        command, id, "cannot find " + topic,
        [topic, done = std::move(done)](const Error* failed, const proto::BaseCommand& answer) mutable {
          if (failed != nullptr) return done(failed, 0);
          const std::size_t count = answer.partitionmetadataresponse().partitions();
          if (count < most_partitions) return done(nullptr, count);
          const Error many =
              make_error(ErrorCode::unsupported, topic + " has " + std::to_string(count) + " partitions",
                         false, "at most " + std::to_string(most_partitions - 1) + " are supported");
          done(&many, 0);
        });
  });
}

void Session::note_orphan(const std::string& what) {
  const TimePoint now = Clock::now();
  std::erase_if(orphans_, [now](const auto& entry) { return entry.second < now; });
  orphans_[what] = now + orphan_time;
}

Error Session::judged(const Error& error, const std::string& what) {
  if (error.code() != ErrorCode::conflict) return error;
  const auto found = orphans_.find(what);
  if (found == orphans_.end() || found->second < Clock::now()) return error;
  return link_error(error.message() + ", by its own lost connection");
}

bool Session::note_silent_admin() {
  const bool first = admin_silent_until_ == TimePoint::min();
  admin_silent_until_ = Clock::now() + silent_time;
  return first;
}

void Session::count_redelivery(const std::string& topic, const std::string& subscription) {
  ++redeliveries_[{topic, subscription}];
}

std::uint64_t Session::redeliveries(const std::string& topic, const std::string& subscription) const {
  const auto found = redeliveries_.find({topic, subscription});
  return found != redeliveries_.end() ? found->second : 0;
}

void Session::remember_chunks(const std::string& whose, const EntryKey& last, std::vector<EntryKey> chunks) {
  if (chunks_.size() == most_remembered) chunks_.erase(chunks_.begin());
  chunks_.push_back({whose, last, std::move(chunks)});
}

std::vector<EntryKey> Session::forget_chunks(const std::string& whose, const EntryKey& last) {
  const auto found = std::find_if(chunks_.begin(), chunks_.end(),
                                  [&](const Chunks& one) { return one.whose == whose && one.last == last; });
  if (found == chunks_.end()) return {};
  auto earlier = std::move(found->earlier);
  chunks_.erase(found);
  return earlier;
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  const Error error = closed_error();
  for (auto& [address, slot] : std::exchange(slots_, {})) {
    if (slot.connection) slot.connection->close(error);
    if (const auto opening = slot.opening.lock()) opening->close(error);
    for (auto& one : slot.waiting) one(&error, nullptr);
  }
  for (auto& [token, work] : std::exchange(at_close_, {})) work(error);
}

std::uint64_t Session::at_close(UniqueFunction<void(const Error&)> work) {
  if (closed_) {
    work(closed_error());
    return 0;
  }
  at_close_.emplace(++last_token_, std::move(work));
  return last_token_;
}

}  // namespace omnibus::pulsar
