#include "integration/system.hpp"

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include "integration/http.hpp"

namespace omnibus::integration {
namespace {

constexpr const char* blueprint = R"({
  "interfaces": {"text-load": "q1/tg/flow/text-load:{id}"},
  "blueprint": {},
  "flow": {"chunker:{id}": {"input": "q1/tg/flow/text-load:{id}", "output": "persistent://tg/flow/chunk:{id}"}}})";

/// What a service logs when it answers: a request before that would be lost, for its queue keeps nothing.
constexpr const char* gateway_mark = "listening on port ";
constexpr const char* config_mark = "configuration at version ";
constexpr const char* flow_mark = "answering flow requests";
constexpr const char* librarian_mark = "answering library and collection requests";
constexpr const char* knowledge_mark = "answering knowledge requests";

}  // namespace

System::System() : url_("embedded://" + (folder_.path() / "queues").string()), bus_(connect(url_)) {}

Process& System::start(const std::string& command, std::vector<std::string> more) {
  std::vector<std::string> arguments{command.substr(0, command.find('#')), "--pubsub-url", url_,
                                     "--no-metrics"};
  if (command == "config-svc") more.insert(more.end(), {"--config-store", folder_.path() / "config.sqlite"});
  if (command == "flow-svc") more.insert(more.end(), {"--flow-ledger", folder_.path() / "flows.sqlite"});
  if (command == "librarian") more.insert(more.end(), {"--librarian-store", folder_.path() / "library"});
  if (command == "knowledge" || command == "kg-store") {
    more.insert(more.end(), {"--knowledge-store", folder_.path() / "knowledge.sqlite"});
  }
  if (command.starts_with("triples-")) {
    more.insert(more.end(), {"--triples-store", folder_.path() / "triples.sqlite"});
  }
  if (command == "gateway") more.insert(more.end(), {"--port", "0", "--address", "127.0.0.1"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  processes_.erase(command);
  auto& process =
      processes_.emplace(command, Process(arguments, folder_.path() / (command + ".log"))).first->second;
  if (command == "gateway") port_ = process.printed_after(gateway_mark);
  if (command == "config-svc") process.printed_after(config_mark);
  if (command == "flow-svc") process.printed_after(flow_mark);
  if (command == "librarian") process.printed_after(librarian_mark);
  if (command == "knowledge") process.printed_after(knowledge_mark);
  return process;
}

void System::start_all(const std::vector<std::string>& flow_options) {
  start("config-svc");
  start("flow-svc", flow_options);
  start("chunker-recursive");
  start("gateway");
}

void System::kill(const std::string& command) { processes_.at(command).kill(); }

boost::json::value System::config(const boost::json::value& request) const {
  return post(port_, "/api/v1/config", request);
}

boost::json::value System::flow(const boost::json::value& request) const {
  return post(port_, "/api/v1/flow", request);
}

void System::put_blueprint() const {
  expect_success(flow(
      {{"operation", "put-blueprint"}, {"blueprint-name", "chunks"}, {"blueprint-definition", blueprint}}));
}

void System::start_flow(const std::string& id) {
  expect_success(flow({{"operation", "start-flow"},
                       {"blueprint-name", "chunks"},
                       {"flow-id", id},
                       {"description", "a test"}}));
  await_reader(id);
}

bool System::has_subscription(const std::string& id) {
  const auto statistics = bus_.statistics(topic("text-load:" + id));
  return statistics.subscriptions.contains("chunker--" + id + "--input");
}

void System::await_reader(const std::string& id) {
  await_consumer("chunker-recursive", topic("text-load:" + id), "chunker--" + id + "--input");
}

void System::await_consumer(const std::string& service, const QueueName& queue,
                            const std::string& subscription) {
  EXPECT_TRUE(eventually([&] {
    const auto all = bus_.statistics(queue).subscriptions;
    const auto found = all.find(subscription);
    return found != all.end() && found->second.consumers > 0;
  })) << "nobody reads "
      << queue.str() << "\n"
      << processes_.at(service).output();
}

std::uint64_t System::backlog(const QueueName& queue, const std::string& subscription) {
  return bus_.statistics(queue).subscriptions.at(subscription).backlog;
}

void expect_success(const boost::json::value& answer) {
  EXPECT_TRUE(answer.is_object() && !answer.as_object().contains("error")) << boost::json::serialize(answer);
}

}  // namespace omnibus::integration
