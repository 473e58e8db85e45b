#include "backends/pulsar/admin.hpp"

#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

constexpr Duration answer_time = std::chrono::seconds(20);

}  // namespace

void admin_request(const std::shared_ptr<Session>& session, std::string method, const std::string& path,
                   std::string body, driver::Result<wire::HttpResponse> done) {
  const auto& parameters = session->parameters();
  wire::HttpRequest request{
      .method = std::move(method), .path = "/admin/v2/" + path, .body = std::move(body)};
  if (!request.body.empty()) request.headers["Content-Type"] = "application/json";
  try {
    if (parameters.has_token()) request.headers["Authorization"] = "Bearer " + parameters.read_token();
  } catch (const Error& unreadable) {
    return done(&unreadable, {});
  }
  wire::http_request(
      session->loop(),
      {.address = parameters.admin, .tls = parameters.admin_tls, .timeout = parameters.connect_timeout},
      std::move(request), answer_time,
      [admin = parameters.admin.str(), done = std::move(done)](const Error* error,
                                                               wire::HttpResponse response) mutable {
        if (error == nullptr) return done(nullptr, std::move(response));
        const Error told = make_error(error->code(), error->message(), error->retryable(),
                                      "the administration interface was sought at " + admin +
                                          "; the URL's parameter admin says where it is");
        done(&told, {});
      });
}

}  // namespace omnibus::pulsar
