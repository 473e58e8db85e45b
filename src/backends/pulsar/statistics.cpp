#include "backends/pulsar/statistics.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/pulsar/admin.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/topic.hpp"

namespace omnibus::pulsar {
namespace {

namespace json = boost::json;

constexpr Duration answer_time = std::chrono::seconds(20);
constexpr Duration short_time = std::chrono::seconds(2);

constexpr double largest_number = 9007199254740992.0;  ///< beyond, a double skips integers

/// A number that may be missing, negative, too large or written as a fraction.
std::uint64_t number(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_number()) return 0;
  const auto read = value->to_number<double>();
  return read > 0 ? static_cast<std::uint64_t>(std::min(read, largest_number)) : 0;
}

/// Whether the names that the interface lists hold this one; empty for what is no list.
std::optional<bool> listed(const std::string& text, const std::string& name) {
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_array()) return std::nullopt;
  return std::any_of(value.get_array().begin(), value.get_array().end(), [&](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string().data(), one.get_string().size()) == name;
  });
}

json::value parse(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object())
    throw ProtocolError("the administration interface did not answer with JSON");
  return value;
}

driver::SubscriptionStatistics read_subscription(const json::object& from, SystemTime now) {
  driver::SubscriptionStatistics out;
  out.backlog = number(from, "msgBacklog");
  out.in_flight = number(from, "unackedMessages");
  const auto* consumers = from.if_contains("consumers");
  if (consumers != nullptr && consumers->is_array()) {
    out.consumers = consumers->get_array().size();
    std::uint64_t unacked = 0;  // told per consumer for exclusive and failover subscriptions
    for (const auto& one : consumers->get_array()) {
      if (one.is_object()) unacked += number(one.get_object(), "unackedMessages");
    }
    out.in_flight = std::max(out.in_flight, unacked);
  }
  const auto oldest = number(from, "earliestMsgPublishTimeInBacklog");
  if (oldest > 0 && out.backlog > 0) {
    const SystemTime published{std::chrono::milliseconds(oldest)};
    if (published < now) out.oldest_age = now - published;
  }
  return out;
}

/// Entries and bytes of a plain topic's log, or of all partitions of a partitioned one.
void add_depth(driver::QueueStatistics& to, const json::object& internal) {
  to.depth += number(internal, "numberOfEntries");
  to.bytes += number(internal, "totalSize");
  const auto* partitions = internal.if_contains("partitions");
  if (partitions == nullptr || !partitions->is_object()) return;
  for (const auto& [name, part] : partitions->get_object()) {
    if (part.is_object()) add_depth(to, part.get_object());
  }
}

Error refusal(const wire::HttpResponse& response, const std::string& topic) {
  const std::string text = "the administration interface knows no statistics of " + topic + ": status " +
                           std::to_string(response.status);
  switch (response.status) {
    case 401:
      return make_error(ErrorCode::authentication, text, false, "give a valid token");
    case 403:
      return make_error(ErrorCode::forbidden, text, false, "the token lacks the right to read statistics");
    case 404:
      return make_error(ErrorCode::not_found, text, false);
    default:
      return make_error(ErrorCode::unavailable, text, true);
  }
}

void get(const std::shared_ptr<Session>& session, const std::string& topic, const std::string& path,
         Duration patience, driver::Result<std::string> done) {
  admin_request(session, "GET", path, {}, patience,
                [topic, done = std::move(done)](const Error* error, wire::HttpResponse response) mutable {
                  if (error != nullptr) return done(error, {});
                  if (response.status == 200) return done(nullptr, std::move(response.body));
                  const Error refused = refusal(response, topic);
                  done(&refused, {});
                });
}

void finish(const std::shared_ptr<Session>& session, const std::string& topic, const std::string& stats,
            const std::string& internal, driver::Result<driver::QueueStatistics> done) {
  driver::QueueStatistics result;
  try {
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    result = read_statistics(stats, internal, now);
  } catch (const Error& error) {
    return done(&error, {});
  }
  for (auto& [name, one] : result.subscriptions)
    one.redelivered = session->redeliveries(topic, subscription_of(name));
  done(nullptr, std::move(result));
}

}  // namespace

driver::QueueStatistics read_statistics(const std::string& stats, const std::string& internal,
                                        SystemTime now) {
  driver::QueueStatistics result;
  const auto parsed = parse(stats);
  const auto* subscriptions = parsed.get_object().if_contains("subscriptions");
  if (subscriptions != nullptr && subscriptions->is_object()) {
    for (const auto& [name, one] : subscriptions->get_object()) {
      if (one.is_object())
        result.subscriptions[subscription_name({name.data(), name.size()})] =
            read_subscription(one.get_object(), now);
    }
  }
  if (!internal.empty()) add_depth(result, parse(internal).get_object());
  return result;
}

void statistics(const std::shared_ptr<Session>& session, const std::string& topic,
                driver::Result<driver::QueueStatistics> done) {
  session->partitions(
      topic, [session, topic, done = std::move(done)](const Error* error, std::size_t partitions) mutable {
        if (error != nullptr) return done(error, {});
        const std::string base = admin_path(topic);
        const std::string kind = partitions > 0 ? "/partitioned-" : "/";
        const std::string query =
            "?getPreciseBacklog=true&subscriptionBacklogSize=false&getEarliestTimeInBacklog=true" +
            std::string(partitions > 0 ? "&perPartition=false" : "");
        const bool persistent = topic.starts_with("persistent://");
        get(session, topic, base + kind + "stats" + query, answer_time,
            [session, topic, persistent, internal = base + kind + "internalStats", done = std::move(done)](
                const Error* failed, std::string stats) mutable {
              if (failed != nullptr) return done(failed, {});
              if (!persistent) return finish(session, topic, stats, {}, std::move(done));
              get(session, topic, internal, answer_time,
                  [session, topic, stats = std::move(stats), done = std::move(done)](
                      const Error* refused, const std::string& text) mutable {
                    if (refused != nullptr) return done(refused, {});
                    finish(session, topic, stats, text, std::move(done));
                  });
            });
      });
}

void find_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                       const std::string& subscription, UniqueFunction<void(bool)> done) {
  if (session->admin_silent()) return done(true);
  get(session, topic, admin_path(topic) + "/subscriptions", short_time,
      [session, subscription, done = std::move(done)](const Error* error, const std::string& text) mutable {
        if (error != nullptr && error->code() == ErrorCode::not_found) return done(false);
        if (const auto found = error == nullptr ? listed(text, subscription) : std::nullopt)
          return done(*found);
        if (!session->closed() && session->note_silent_admin()) {
          log::write(
              log::Level::info,
              "subscriptions that somebody else removes go unnoticed: the administration interface at " +
                  session->parameters().admin.str() + " does not answer");
        }
        done(true);
      });
}

}  // namespace omnibus::pulsar
