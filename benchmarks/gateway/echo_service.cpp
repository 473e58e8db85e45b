#include "echo_service.hpp"

namespace omnibus::benchmarks {

namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

void echo(const Message<TextCompletionRequest>& message, const rpc::Reply<TextCompletionResponse>& reply) {
  const auto& request = message.value();
  reply.send({.response = request.prompt,
              .in_token = static_cast<std::int64_t>(request.system.size() + request.prompt.size()),
              .out_token = static_cast<std::int64_t>(request.prompt.size()),
              .model = "echo",
              .end_of_stream = true});
}

TextCompletionResponse refuse(std::string_view reason) {
  return {.error = catalogue::Error{"too-large", std::string(reason)}, .end_of_stream = true};
}

rpc::ServerSettings server_settings(const Settings& settings) {
  return {.id = settings.id,
          .name = "echo",
          .request = QueueName::parse(EchoService::request_queue),
          .response = QueueName::parse(EchoService::response_queue),
          .concurrency = static_cast<int>(settings.integer("concurrency"))};
}

}  // namespace

EchoService::EchoService(const Bus& bus, const Settings& settings)
    : AsyncProcessor(bus, settings), server_(bus, server_settings(settings), echo, refuse) {}

EchoService::~EchoService() { EchoService::stop(); }

void EchoService::start() { server_.start(); }

void EchoService::stop() {
  server_.stop(time_left());
  AsyncProcessor::stop();
}

std::string EchoService::flow_definition() {
  return std::string(R"({"interfaces":{"text-completion":{"request":")") + request_queue +
         R"(","response":")" + response_queue + R"("}}})";
}

}  // namespace omnibus::benchmarks
