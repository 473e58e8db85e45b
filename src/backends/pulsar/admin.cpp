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
  const wire::Stream::Target target{.address = parameters.admin,
                                    .tls = parameters.admin_tls,
                                    .timeout = std::min(parameters.connect_timeout, patience)};
  // The loop may end before the answer comes.
  const auto token = std::make_shared<std::uint64_t>();
  auto give_up = wire::http_request(
      session->loop(), target, request, patience,
      [session, token, done = std::move(done)](const Error* error, wire::HttpResponse response) mutable {
        session->forget(*token);
        if (error == nullptr) return done(nullptr, std::move(response));
        const Error hinted =
            make_error(error->code(), error->message(), error->retryable(),
                       "the administration interface was sought at " + session->parameters().admin.str() +
                           "; the URL's parameter admin says where it is");
        done(&hinted, {});
      });
  *token = session->at_close(std::move(give_up));
}

}  // namespace omnibus::pulsar
