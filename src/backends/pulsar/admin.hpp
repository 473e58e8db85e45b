#pragma once

#include <memory>
#include <string>

#include "backends/pulsar/session.hpp"
#include "wire/http.hpp"

namespace omnibus::pulsar {

/// One request to the administration interface that the parameter `admin` names, with the session's token.
/// `path` stands below /admin/v2/; a body is JSON. Any status is success here. Runs on the loop. Errors:
/// unavailable, authentication (TLS), protocol, timeout, closed with the session; ConfigError for an
/// unreadable token file.
void admin_request(const std::shared_ptr<Session>& session, std::string method, const std::string& path,
                   std::string body, Duration patience, driver::Result<wire::HttpResponse> done);

}  // namespace omnibus::pulsar
