#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>

#include "services/gateway/gateway.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {

inline constexpr auto text_load = "/api/v1/flow/f/service/text-load";

/// A gateway on sockets and queues.
class GatewayTest : public testing::Test {
 protected:
  static GatewayOptions options() {
    GatewayOptions result;
    result.address = "127.0.0.1";
    result.port = 0;
    return result;
  }
  std::unique_ptr<Gateway> start(GatewayOptions with = options()) {
    auto gateway = std::make_unique<Gateway>(bus_, with);
    gateway->start();
    return gateway;
  }
  static void wait_ready(const Gateway& gateway) {
    while (!gateway.ready().empty()) std::this_thread::yield();
  }
  static boost::json::value post(const Gateway& gateway, std::string_view path, std::string_view body) {
    return boost::json::parse(HttpClient(gateway.port()).post(path, body).body());
  }
  Consumer<Raw> consumer(const std::string& queue) {
    return bus_.create_consumer<Raw>(QueueName::parse(queue), "test");
  }
  static std::string flow_to(const std::string& queue) {
    return boost::json::serialize(boost::json::object{{"interfaces", {{"text-load", queue}}}});
  }

  Bus bus_ = connect("embedded://");
};

}  // namespace omnibus::gateway
