#pragma once

/// A real configuration service on queues in memory, for tests of services that ask it.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <omnibus/omnibus.hpp>

#include "services/config/client.hpp"
#include "services/config/service.hpp"
#include "services/sqlite/tests/folder.hpp"

namespace omnibus::config {

class WithConfiguration : public testing::Test {
 protected:
  WithConfiguration() {
    config_service_->start();
    config_.start();
  }

  template <class Service>
  std::unique_ptr<Service> make(const std::string& id, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--pubsub-url", "embedded://", "--no-metrics"});
    return std::make_unique<Service>(
        bus_, Settings::parse({.program = id, .summary = "", .id = id}, arguments, Service::flags()));
  }
  /// The text of a configuration value, empty when it is not there.
  std::string value(const std::string& type, const std::string& key) {
    return config_.get({{type, key}}).values.at(0).value_or("");
  }
  void put_flow(const std::string& id, const std::string& definition) {
    config_.put({{"flow", id, definition}});
  }

  sqlite::TestFolder folder_;
  Bus bus_ = connect("embedded://");
  std::unique_ptr<ConfigService> config_service_ =
      make<ConfigService>("config-svc", {"--config-store", folder_.path() / "config.sqlite"});
  Client config_{bus_, "test"};
};

}  // namespace omnibus::config
