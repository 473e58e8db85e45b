#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include <omnibus/omnibus.hpp>

#include "integration/process.hpp"

namespace omnibus::integration {

/// The services as separate processes on one directory of queues.
class System {
 public:
  System();

  /// Starts a service and waits until it answers; a chunker is waited for by start_flow().
  Process& start(const std::string& command, std::vector<std::string> more = {});
  /// Gateway, config service, flow service, chunker.
  void start_all(const std::vector<std::string>& flow_options = {});
  Process& process(const std::string& command) { return processes_.at(command); }
  void kill(const std::string& command);

  /// Where the services keep their state.
  const std::filesystem::path& folder() const noexcept { return folder_.path(); }
  const std::string& url() const noexcept { return url_; }
  /// The gateway's port.
  const std::string& port() const noexcept { return port_; }
  /// A connection of the test's own.
  Bus& bus() { return bus_; }

  boost::json::value config(const boost::json::value& request) const;
  boost::json::value flow(const boost::json::value& request) const;
  /// Puts the blueprint `chunks`: documents to chunks.
  void put_blueprint() const;
  /// Starts a flow on it and waits until a chunker reads its documents.
  void start_flow(const std::string& id);
  void await_reader(const std::string& id);
  bool has_subscription(const std::string& id);
  /// Waits until `service`, started as that command, reads the queue.
  void await_consumer(const std::string& service, const QueueName& queue, const std::string& subscription);
  /// Messages that the subscription has not acknowledged.
  std::uint64_t backlog(const QueueName& queue, const std::string& subscription);

 private:
  Folder folder_;
  std::string url_, port_;
  Bus bus_;
  std::map<std::string, Process> processes_;
};

/// Fails the test when the answer is an error.
void expect_success(const boost::json::value& answer);

}  // namespace omnibus::integration
