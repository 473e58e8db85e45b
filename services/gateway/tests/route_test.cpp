#include "services/gateway/server/route.hpp"

#include <gtest/gtest.h>

namespace omnibus::gateway {
namespace {

using Kind = Route::Kind;

TEST(Route, FindsServices) {
  const auto global = route("POST", "/api/v1/config");
  EXPECT_EQ(global.kind, Kind::service);
  EXPECT_EQ(global.flow, std::nullopt);
  EXPECT_EQ(global.service, "config");
  const auto flow = route("POST", "/api/v1/flow/my%20flow/service/text-load?x=1");
  EXPECT_EQ(flow.kind, Kind::service);
  EXPECT_EQ(flow.flow, "my flow");
  EXPECT_EQ(flow.service, "text-load");
  EXPECT_EQ(route("POST", "/api/v1/flow").service, "flow");
  EXPECT_EQ(route("POST", "http://host:1/api/v1/config").service, "config");
}

TEST(Route, FindsTheSocketAndItsToken) {
  EXPECT_EQ(route("GET", "/api/v1/socket").kind, Kind::socket);
  EXPECT_EQ(route("GET", "/api/v1/socket?a=b&token=s%2Bx+y").token, "s+x y");
  EXPECT_EQ(route("POST", "/api/v1/socket").kind, Kind::service);
}

TEST(Route, FindsTheSocketsOfAFlow) {
  const auto import = route("GET", "/api/v1/flow/f/import/triples?token=s");
  EXPECT_EQ(import.kind, Kind::flow_socket);
  EXPECT_EQ(import.direction, FlowSocket::Direction::import);
  EXPECT_EQ(import.flow, "f");
  EXPECT_EQ(import.service, "triples");
  EXPECT_EQ(import.token, "s");
  EXPECT_EQ(route("GET", "/api/v1/flow/f/export/k").direction, FlowSocket::Direction::export_);
  EXPECT_EQ(route("POST", "/api/v1/flow/f/export/k").allow, "GET");
  EXPECT_EQ(route("GET", "/api/v1/flow/f/other/k").kind, Kind::not_found);
}

TEST(Route, FindsTheCoreStreams) {
  const auto import = route("POST", "/api/v1/import-core?id=a%20b&user=u");
  EXPECT_EQ(import.kind, Kind::core);
  EXPECT_EQ(import.core.direction, CoreCall::Direction::import);
  EXPECT_EQ(import.core.id, "a b");
  EXPECT_EQ(import.core.user, "u");
  const auto export_ = route("GET", "/api/v1/export-core?id=");
  EXPECT_EQ(export_.core.direction, CoreCall::Direction::export_);
  EXPECT_EQ(export_.core.id, "");
  EXPECT_EQ(export_.core.user, std::nullopt);
  EXPECT_EQ(route("POST", "/api/v1/export-core").kind, Kind::service);
  EXPECT_EQ(route("GET", "/api/v1/import-core").kind, Kind::wrong_method);
}

TEST(Route, PassesMetricsOnAsTheyCame) {
  const auto query = route("GET", "/api/metrics/query?query=up%7Ba%7D&x=1");
  EXPECT_EQ(query.kind, Kind::metrics);
  EXPECT_EQ(query.service, "query?query=up%7Ba%7D&x=1");
  EXPECT_EQ(route("GET", "/api/metrics/label/a/values").service, "label/a/values");
  EXPECT_EQ(route("POST", "/api/metrics/query").allow, "GET");
  EXPECT_EQ(route("GET", "/api/metrics/../../admin").kind, Kind::not_found);
  EXPECT_EQ(route("GET", "/api/metrics/%2e%2e/admin").kind, Kind::not_found);
  EXPECT_EQ(route("GET", "/api/metrics").kind, Kind::not_found);
}

TEST(Route, HasAFewNamesForMetrics) {
  EXPECT_EQ(route("GET", "/api/v1/health").kind, Kind::health);
  EXPECT_EQ(route_name(route("GET", "/api/v1/ready")), "ready");
  EXPECT_EQ(route_name(route("POST", "/api/v1/anything")), "service");
  EXPECT_EQ(route_name(route("POST", "/api/v1/flow/f/service/k")), "flow-service");
  EXPECT_EQ(route_name(route("GET", "/api/v1/flow/f/export/k")), "export");
  EXPECT_EQ(route_name(route("GET", "/nowhere")), "none");
}

TEST(Route, TellsWrongMethodFromUnknownPath) {
  EXPECT_EQ(route("GET", "/api/v1/config").kind, Kind::wrong_method);
  EXPECT_EQ(route("PUT", "/api/v1/flow/f/service/k").kind, Kind::wrong_method);
  EXPECT_EQ(route("PUT", "/api/v1/flow/f/service/k").allow, "POST");
  for (const char* path : {"", "*", "/page/none", "/nothing", "/api/v1", "/api/v1/", "/api/v1/config/",
                           "/api/v2/config", "/api/v1/flow/f", "/api/v1/flow//service/k",
                           "/api/v1/flow/f/service/", "/api/v1/flow/f/service/k/more", "/api/v1/%zz",
                           "/api/v1/%4", "/api/v1/%ff", "/api/v1/flow/\xFF/service/k"}) {
    EXPECT_EQ(route("POST", path).kind, Kind::not_found) << path;
  }
}

TEST(Route, ThePageIsAtTheRoot) {
  for (const char* target : {"/", "/?a=b", "http://host", "http://host/"}) {
    EXPECT_EQ(route("GET", target).kind, Kind::page) << target;
    EXPECT_EQ(route("HEAD", target).file, find_page("/")) << target;
    EXPECT_EQ(route("POST", target).allow, "GET, HEAD") << target;
  }
  EXPECT_EQ(route_name(route("GET", "/page/style.css")), "page");
  EXPECT_EQ(route_name(route("GET", "/api/v1/status")), "status");
  EXPECT_EQ(route("POST", "/api/v1/status").kind, Kind::service);
}

bool lets_in(std::string_view header, std::string_view secret) { return authorised(&header, secret); }

TEST(Authorisation, FollowsTheBearerRules) {
  EXPECT_TRUE(authorised(nullptr, ""));
  EXPECT_FALSE(authorised(nullptr, "s"));
  EXPECT_TRUE(lets_in("Bearer s", "s"));
  EXPECT_TRUE(lets_in("Bearer s and more", "s"));
  EXPECT_TRUE(lets_in("Bearer anything", ""));
  EXPECT_TRUE(lets_in("Bearer", ""));
  EXPECT_FALSE(lets_in("Bearer", "s"));
  EXPECT_FALSE(lets_in("Bearer  s", "s"));
  EXPECT_FALSE(lets_in("bearer s", "s"));
  EXPECT_FALSE(lets_in("Basic s", ""));
  EXPECT_FALSE(lets_in("Bearer ss", "s"));
  EXPECT_FALSE(lets_in("Bearer ", "s"));
  EXPECT_FALSE(lets_in("Bearer x", "s"));
}

}  // namespace
}  // namespace omnibus::gateway
