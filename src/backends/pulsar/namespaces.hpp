#pragma once

#include <string>
#include <vector>

#include "backends/pulsar/session.hpp"

namespace omnibus::pulsar {

/// Makes a tenant, for all clusters, and a namespace where they are missing, and sets the policies that
/// nobody has set. Runs on the loop. Errors: authentication, forbidden with the right that is missing,
/// unavailable.
void create_namespace(const std::shared_ptr<Session>& session, driver::NamespaceConfig config,
                      driver::Result<driver::NamespaceOutcome> done);

/// One policy to set: a request's path below the namespace, its body, and what it does.
struct PolicyChange {
  std::string path, body, what;
  friend bool operator==(const PolicyChange&, const PolicyChange&) = default;
};

/// What is to be set in a namespace whose policies the interface describes so. What somebody has set in
/// another way goes to `kept`. Errors: ProtocolError.
std::vector<PolicyChange> changes_for(const driver::NamespaceConfig& config, const std::string& policies,
                                      std::vector<std::string>& kept);

/// What of a broker's configuration, as the interface describes it, keeps q2 from what it promises elsewhere.
/// Docs: docs/backends/pulsar.md, Guarantees.
std::vector<std::string> broker_notes(const std::string& configuration);

}  // namespace omnibus::pulsar
