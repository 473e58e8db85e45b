#include "services/gateway/processor.hpp"
#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using testing::HasSubstr;

GatewayOptions parsed(const std::vector<std::string>& arguments) {
  const Settings::About about{.program = "gateway", .summary = "", .id = "api-gateway"};
  return gateway_options(Settings::parse(about, arguments, gateway_flags()));
}

TEST_F(GatewayTest, TakesOtherQueuesForServices) {
  auto requests = consumer("q0/tg/request/my-flow");
  const auto gateway = start(parsed({"--flow-request-queue", "q0/tg/request/my-flow", "--flow-response-queue",
                                     "q0/tg/response/my-flow", "--address", "127.0.0.1", "--port", "0"}));
  auto answers = bus_.create_producer<Raw>(QueueName::parse("q0/tg/response/my-flow"));
  HttpClient client(gateway->port());
  client.write(HttpClient::post_text("/api/v1/flow", R"({"operation": "list-flows"})"));
  const auto request = requests.receive(seconds(20));
  answers.send({R"({"flow_ids": ["f"]})"}, {.properties = {{"id", request.properties().value_or("id", "")}}});
  EXPECT_EQ(json::parse(client.read().body()), json::parse(R"({"flow-ids": ["f"]})"));
}

TEST_F(GatewayTest, AsksForTheConfigurationWhereItIsTold) {
  auto with = options();
  with.queues["config"] = {"q0/tg/request/my-config", {}};
  auto requests = consumer("q0/tg/request/my-config");
  const auto gateway = start(with);
  EXPECT_THAT(requests.receive(seconds(20)).value().bytes, testing::HasSubstr("config"));
}

TEST(GatewayFlags, RefuseAQueueThatIsNone) {
  EXPECT_THROW(parsed({"--librarian-request-queue", "no/queue"}), Error);
}

struct Refused {
  std::vector<std::string> arguments;
  std::string what, hint;
};

TEST(GatewayFlags, RefuseBadValuesWithWhatToDo) {
  const std::vector<Refused> all = {
      {{"--address", "here"}, "--address: 'here' is no IP address", "for example 0.0.0.0"},
      {{"--prometheus-url", "x"}, "--prometheus-url", "http://HOST:PORT"},
      {{"--timeout", "0"}, "--timeout: 0 leaves no time", "such as 10s"},
      {{"--header-timeout", "0"}, "--header-timeout", "such as 10s"},
      {{"--idle-timeout", "0s"}, "--idle-timeout", "such as 10s"},
      {{"--body-limit", "0"}, "--body-limit: 0 lets nothing through", "such as 64MiB"},
      {{"--frame-limit", "0"}, "--frame-limit", "such as 64MiB"},
      {{"--body-memory", "0"}, "--body-memory", "such as 64MiB"},
      {{"--outbox-limit", "0"}, "--outbox-limit", "such as 64MiB"},
      {{"--max-connections", "0"}, "--max-connections: 0 is out of range", "1 to 1000000"},
      {{"--outstanding", "-1"}, "--outstanding: -1 is out of range", "1 to 100000"},
      {{"--threads", "65"}, "--threads: 65 is out of range", "1 to 64"},
      {{"--max-request-rate", "-5"}, "--max-request-rate: -5 is out of range", "1 to 1000000"},
      {{"--allow-origin", "ours.example"}, "--allow-origin: 'ours.example' is no origin", "SCHEME://HOST"},
      {{"--http-errors", "loud"}, "--http-errors", "strict"},
      {{"--min-ingress-rate", "fast"}, "--min-ingress-rate", "size"},
      {{"--port", "70000"}, "--port", "0 to 65535"},
      {{"--tls-key", "k.pem"}, "--tls-key is given without --tls-certificate", "PEM"},
      {{"--tls-certificate", "c.pem"}, "--tls-certificate is given without --tls-key", "PEM"},
      {{"--tls-certificate", "/no.pem", "--tls-key", "/no.pem"}, "--tls-certificate: cannot use", "PEM"},
      {{"--global-service", "a/b"}, "--global-service: 'a/b' names no service", "NAME"},
      {{"--global-service", "a=q0/x/y/z"}, "--global-service", "NAME=REQUEST-QUEUE,RESPONSE-QUEUE"},
      {{"--global-service", "a=here,there"}, "--global-service", "here"},
      {{"--flow-response-queue", "no/queue"}, "--flow-response-queue", "no/queue"},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(each.arguments.front());
    try {
      (void)parsed(each.arguments);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      const auto told = std::string(error.what()) + " " + error.hint();
      EXPECT_THAT(told, HasSubstr(each.what));
      EXPECT_THAT(told, HasSubstr(each.hint));
    }
  }
}

TEST(GatewayFlags, HaveTheDefaultsOfTheOptions) {
  const auto options = parsed({});
  const GatewayOptions usual;
  EXPECT_EQ(options.id, usual.id);
  EXPECT_EQ(options.address, usual.address);
  EXPECT_EQ(options.port, usual.port);
  EXPECT_EQ(options.timeout, usual.timeout);
  EXPECT_EQ(options.body_limit, usual.body_limit);
  EXPECT_EQ(options.frame_limit, usual.frame_limit);
  EXPECT_EQ(options.body_memory, usual.body_memory);
  EXPECT_EQ(options.outbox_limit, usual.outbox_limit);
  EXPECT_EQ(options.max_connections, usual.max_connections);
  EXPECT_EQ(options.outstanding, usual.outstanding);
  EXPECT_EQ(options.header_timeout, usual.header_timeout);
  EXPECT_EQ(options.idle_timeout, usual.idle_timeout);
  EXPECT_EQ(options.min_ingress_rate, usual.min_ingress_rate);
  EXPECT_EQ(options.max_request_rate, usual.max_request_rate);
  EXPECT_EQ(options.prometheus_url, usual.prometheus_url);
  EXPECT_EQ(options.http_errors, usual.http_errors);
  EXPECT_EQ(options.threads, usual.threads);
}

TEST(GatewayFlags, NameGlobalServicesWithOrWithoutTheirQueues) {
  const auto options = parsed({"--global-service", "tides", "--global-service", "weather=q1/a/b/c,q1/a/b/d"});
  EXPECT_EQ(options.queues.at("tides").request, "q0/tg/request/tides");
  EXPECT_EQ(options.queues.at("tides").response, "q0/tg/response/tides");
  EXPECT_EQ(options.queues.at("weather").request, "q1/a/b/c");
  EXPECT_EQ(options.queues.at("weather").response, "q1/a/b/d");
}

}  // namespace
}  // namespace omnibus::gateway
