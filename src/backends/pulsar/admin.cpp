#include "backends/pulsar/admin.hpp"

#include <algorithm>
#include <utility>

#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
void admin_request(const std::shared_ptr<Session>& session, std::string method, const std::string& path,
                   std::string body, Duration patience, driver::Result<wire::HttpResponse> done) {
  const auto& parameters = session->parameters();
  wire::HttpRequest request{
      .method = std::move(method), .path = "/admin/v2/" + path, .body = std::move(body)};
  if (!request.body.empty()) request.headers["Content-Type"] = "application/json";
  try {
    if (parameters.has_token()) request.headers["Authorization"] = "Bearer " + parameters.read_token();
  } catch (const Error& unreadable) {
    return done(&unreadable, {});
  }
  // The loop may end before the answer comes.
  const auto waiting = std::make_shared<driver::Result<wire::HttpResponse>>(std::move(done));
  const auto token = session->at_close([waiting](const Error& closed) {
    auto told = std::exchange(*waiting, nullptr);
    told(&closed, {});
  });
  const wire::Stream::Target target{.address = parameters.admin,
                                    .tls = parameters.admin_tls,
                                    .timeout = std::min(parameters.connect_timeout, patience)};
  wire::http_request(session->loop(), target, std::move(request), patience,
                     [session, token, waiting](const Error* error, wire::HttpResponse response) {
                       session->forget(token);
                       auto told = std::exchange(*waiting, nullptr);
                       if (!told) return;
                       if (error == nullptr) return told(nullptr, std::move(response));
                       const Error hinted = make_error(error->code(), error->message(), error->retryable(),
                                                       "the administration interface was sought at " +
                                                           session->parameters().admin.str() +
                                                           "; the URL's parameter admin says where it is");
                       told(&hinted, {});
                     });
}

}  // namespace omnibus::pulsar
