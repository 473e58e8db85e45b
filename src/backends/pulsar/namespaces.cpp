#include "backends/pulsar/namespaces.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include <boost/json.hpp>

#include "backends/pulsar/admin.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/topic.hpp"

namespace omnibus::pulsar {
namespace {

namespace json = boost::json;

constexpr Duration answer_time = std::chrono::seconds(20);
constexpr std::int64_t unlimited = -1;

/// Whole minutes or mebibytes, as the policies count; at least one, so that little is not nothing.
std::int64_t in_minutes(Duration time) {
  if (time == Duration::max()) return unlimited;
  return std::max<std::int64_t>(std::chrono::ceil<std::chrono::minutes>(time).count(), 1);
}

std::int64_t in_mebibytes(std::uint64_t bytes) {
  if (bytes == std::numeric_limits<std::uint64_t>::max()) return unlimited;
  return std::max<std::int64_t>(static_cast<std::int64_t>((bytes + (1u << 20) - 1) >> 20), 1);
}

std::string counted(std::int64_t count, const std::string& unit) {
  return count < 0 ? "unlimited" : std::to_string(count) + " " + unit;
}

std::string retention_text(std::int64_t minutes, std::int64_t mebibytes) {
  return "retention " + counted(minutes, "min") + ", " + counted(mebibytes, "MiB");
}

std::string expiry_text(std::int64_t minutes) { return "subscription expiry " + counted(minutes, "min"); }

std::int64_t integer(const json::object& from, std::string_view name, std::int64_t otherwise) {
  const auto* value = from.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return otherwise;
  json::error_code error;
  const auto read = value->to_number<std::int64_t>(error);
  return error ? otherwise : read;
}

json::value parse(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object())
    throw ProtocolError("the administration interface did not describe the namespace with JSON");
  return value;
}

void compare_retention(const driver::NamespaceConfig& config, const json::object& policies,
                       std::vector<PolicyChange>& changes, std::vector<std::string>& kept) {
  if (!config.retention_time && !config.retention_bytes) return;
  const auto minutes = in_minutes(config.retention_time.value_or(Duration::max()));
  const auto mebibytes =
      in_mebibytes(config.retention_bytes.value_or(std::numeric_limits<std::uint64_t>::max()));
  const auto wanted = retention_text(minutes, mebibytes);
  const auto* set = policies.if_contains("retention_policies");
  if (set == nullptr || !set->is_object()) {
    const json::object body{{"retentionTimeInMinutes", minutes}, {"retentionSizeInMB", mebibytes}};
    changes.push_back({"retention", json::serialize(body), wanted});
    return;
  }
  const auto found = retention_text(integer(set->get_object(), "retentionTimeInMinutes", 0),
                                    integer(set->get_object(), "retentionSizeInMB", 0));
  if (found != wanted) kept.push_back(found + " (" + wanted + " is usual)");
}

void compare_expiry(const driver::NamespaceConfig& config, const json::object& policies,
                    std::vector<PolicyChange>& changes, std::vector<std::string>& kept) {
  if (!config.subscription_expiry) return;
  const auto wanted = in_minutes(*config.subscription_expiry);
  const auto found = integer(policies, "subscription_expiration_time_minutes", 0);
  if (found == 0) {
    changes.push_back({"subscriptionExpirationTime", std::to_string(wanted), expiry_text(wanted)});
  } else if (found != wanted) {
    kept.push_back(expiry_text(found) + " (" + expiry_text(wanted) + " is usual)");
  }
}

void compare_deduplication(const driver::NamespaceConfig& config, const json::object& policies,
                           std::vector<PolicyChange>& changes, std::vector<std::string>& kept) {
  if (!config.deduplication) return;
  const auto* set = policies.if_contains("deduplicationEnabled");
  if (set == nullptr || !set->is_bool()) {
    changes.push_back({"deduplication", "true", "deduplication on"});
  } else if (!set->get_bool()) {
    kept.push_back("deduplication off (q2 needs it: pulsar-admin namespaces set-deduplication --enable " +
                   config.tenant + "/" + config.space + ")");
  }
}

/// What the interface says about a refusal.
std::string reason_in(const wire::HttpResponse& response) {
  json::error_code error;
  const auto value = json::parse(response.body, error);
  if (!error && value.is_object()) {
    const auto* reason = value.get_object().if_contains("reason");
    if (reason != nullptr && reason->is_string()) {
      return std::string(reason->get_string()).substr(0, 300);
    }
  }
  return "status " + std::to_string(response.status);
}

/// Makes one namespace, request after request.
class Making : public std::enable_shared_from_this<Making> {
 public:
  Making(std::shared_ptr<Session> session, driver::NamespaceConfig config,
         driver::Result<driver::NamespaceOutcome> done)
      : session_(std::move(session)),
        config_(std::move(config)),
        path_("namespaces/" + url_encoded(config_.tenant) + "/" + url_encoded(config_.space)),
        done_(std::move(done)) {}

  void begin() { look_at_namespace(); }

 private:
  /// `next` gets the response when its status is one of these; everything else ends the work.
  template <class Next>
  void ask(const std::string& method, const std::string& path, std::string body, std::string what,
           std::string right, std::vector<int> statuses, Next next) {
    admin_request(session_, method, path, std::move(body), answer_time,
                  [self = shared_from_this(), what = std::move(what), right = std::move(right),
                   statuses = std::move(statuses),
                   next = std::move(next)](const Error* error, const wire::HttpResponse& response) mutable {
                    if (error != nullptr) return self->fail(*error);
                    if (std::find(statuses.begin(), statuses.end(), response.status) == statuses.end()) {
                      return self->fail(self->refusal(response, what, right));
                    }
                    try {
                      next(response);
                    } catch (const Error& failed) {
                      self->fail(failed);
                    }
                  });
  }

  void look_at_namespace() {
    ask("GET", path_, {}, "cannot look at the namespace", tenant_right(), {200, 404},
        [self = shared_from_this()](const wire::HttpResponse& response) {
          response.status == 200 ? self->set_policies(response.body) : self->look_at_tenant();
        });
  }

  void look_at_tenant() {
    ask("GET", "tenants/" + url_encoded(config_.tenant), {}, "cannot look at the tenant", tenant_right(),
        {200, 404}, [self = shared_from_this()](const wire::HttpResponse& response) {
          response.status == 200 ? self->make_namespace() : self->look_at_clusters();
        });
  }

  void look_at_clusters() {
    ask("GET", "clusters", {}, "cannot list the clusters", superuser_right(), {200},
        [self = shared_from_this()](const wire::HttpResponse& response) {
          self->make_tenant(response.body);
        });
  }

  /// The interface refuses a tenant without clusters; the list contains "global" on some versions.
  void make_tenant(const std::string& clusters) {
    json::error_code error;
    const auto listed = json::parse(clusters, error);
    if (error || !listed.is_array())
      throw ProtocolError("the administration interface did not list clusters");
    json::array allowed;
    for (const auto& cluster : listed.get_array()) {
      if (cluster != "global") allowed.push_back(cluster);
    }
    const json::object body{{"adminRoles", json::array()}, {"allowedClusters", allowed}};
    ask("PUT", "tenants/" + url_encoded(config_.tenant), json::serialize(body),
        "cannot make the tenant " + config_.tenant, superuser_right(), {204, 409},
        [self = shared_from_this()](const wire::HttpResponse& response) {
          if (response.status == 204) {
            self->outcome_.changes.push_back("tenant " + self->config_.tenant + " made");
          }
          self->make_namespace();
        });
  }

  void make_namespace() {
    ask("PUT", path_, "{}", "cannot make the namespace", tenant_right(), {204, 409},
        [self = shared_from_this()](const wire::HttpResponse& response) {
          if (response.status == 204) self->outcome_.changes.emplace_back("namespace made");
          self->look_at_namespace();
        });
  }

  void set_policies(const std::string& policies) {
    changes_ = changes_for(config_, policies, outcome_.kept);
    set_next();
  }

  void set_next() {
    if (next_ == changes_.size()) return look_at_broker();
    const auto& change = changes_[next_];
    ask("POST", path_ + "/" + change.path, change.body, "cannot set " + change.what, tenant_right(),
        {200, 204}, [self = shared_from_this()](const wire::HttpResponse&) {
          self->outcome_.changes.push_back(self->changes_[self->next_++].what);
          self->set_next();
        });
  }

  /// Only superusers may look, and not every version has this page; nothing depends on it.
  void look_at_broker() {
    if (!config_.deduplication) return finish(nullptr);
    admin_request(session_, "GET", "brokers/configuration/runtime", {}, answer_time,
                  [self = shared_from_this()](const Error* error, const wire::HttpResponse& response) {
                    if (error == nullptr && response.status == 200) {
                      for (auto& note : broker_notes(response.body)) {
                        self->outcome_.kept.push_back(std::move(note));
                      }
                    }
                    self->finish(nullptr);
                  });
  }

  std::string superuser_right() const {
    return "only a role in the broker's superUserRoles may make the tenant " + config_.tenant +
           ": present its token, or let an administrator run this";
  }
  std::string tenant_right() const {
    return "the role has to be in adminRoles of the tenant " + config_.tenant +
           ", or in the broker's superUserRoles: present its token, or let an administrator run this";
  }

  /// A broker says 401 also to a role that it knows and that lacks the right.
  Error refusal(const wire::HttpResponse& response, const std::string& what, const std::string& right) const {
    const auto text = what + ": " + reason_in(response);
    if (response.status == 401 && !session_->parameters().has_token()) {
      return make_error(ErrorCode::authentication, text, false,
                        "give a token: --pulsar-api-key, or token= or token_file= in the URL");
    }
    if (response.status == 401 || response.status == 403) {
      return make_error(ErrorCode::forbidden, text, false, right);
    }
    if (response.status >= 500) return make_error(ErrorCode::unavailable, text, true);
    return make_error(ErrorCode::config, text, false);
  }

  void fail(const Error& error) { finish(&error); }
  void finish(const Error* error) {
    if (auto done = std::exchange(done_, nullptr)) done(error, std::move(outcome_));
  }

  const std::shared_ptr<Session> session_;
  const driver::NamespaceConfig config_;
  const std::string path_;
  driver::Result<driver::NamespaceOutcome> done_;
  driver::NamespaceOutcome outcome_;
  std::vector<PolicyChange> changes_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<PolicyChange> changes_for(const driver::NamespaceConfig& config, const std::string& policies,
                                      std::vector<std::string>& kept) {
  const auto parsed = parse(policies);
  std::vector<PolicyChange> changes;
  compare_retention(config, parsed.get_object(), changes, kept);
  compare_expiry(config, parsed.get_object(), changes, kept);
  compare_deduplication(config, parsed.get_object(), changes, kept);
  return changes;
}

std::vector<std::string> broker_notes(const std::string& configuration) {
  json::error_code error;
  const auto parsed = json::parse(configuration, error);
  if (error || !parsed.is_object()) return {};
  const auto setting = [&](std::string_view name) -> std::string {
    const auto* value = parsed.get_object().if_contains(json::string_view(name.data(), name.size()));
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  std::vector<std::string> notes;
  if (setting("transactionCoordinatorEnabled") == "false") {
    notes.emplace_back("transactionCoordinatorEnabled=false (transactions of q2 need true)");
  }
  const auto rate = setting("managedLedgerDefaultMarkDeleteRateLimit");
  if (!rate.empty() && std::strtod(rate.c_str(), nullptr) > 0) {
    notes.push_back("managedLedgerDefaultMarkDeleteRateLimit=" + rate +
                    " (0 lets transactions of q2 outlive killed brokers)");
  }
  return notes;
}

void create_namespace(const std::shared_ptr<Session>& session, driver::NamespaceConfig config,
                      driver::Result<driver::NamespaceOutcome> done) {
  std::make_shared<Making>(session, std::move(config), std::move(done))->begin();
}

}  // namespace omnibus::pulsar
