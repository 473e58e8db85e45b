#pragma once

/// What tests against a Peer share: the usual answers, and a backend that talks to one.

#include <functional>
#include <future>

#include "backends/pulsar/backend.hpp"
#include "backends/pulsar/tests/peer.hpp"

namespace omnibus::pulsar {

/// Answers as a broker with plain topics does that serves every topic at `address`.
inline std::string ordinary(const Frame& frame, const std::string& address) {
  using Command = proto::BaseCommand;
  Command answer;
  switch (frame.command.type()) {
    case Command::CONNECT:
      return connected();
    case Command::PARTITIONED_METADATA:
      answer.set_type(Command::PARTITIONED_METADATA_RESPONSE);
      answer.mutable_partitionmetadataresponse()->set_request_id(
          frame.command.partitionmetadata().request_id());
      answer.mutable_partitionmetadataresponse()->set_partitions(0);
      return frame_of(answer);
    case Command::LOOKUP:
      answer.set_type(Command::LOOKUP_RESPONSE);
      answer.mutable_lookuptopicresponse()->set_request_id(frame.command.lookuptopic().request_id());
      answer.mutable_lookuptopicresponse()->set_response(proto::CommandLookupTopicResponse::Connect);
      answer.mutable_lookuptopicresponse()->set_brokerserviceurl("pulsar://" + address);
      return frame_of(answer);
    case Command::PRODUCER:
      answer.set_type(Command::PRODUCER_SUCCESS);
      answer.mutable_producer_success()->set_request_id(frame.command.producer().request_id());
      answer.mutable_producer_success()->set_producer_name("p");
      return frame_of(answer);
    case Command::CLOSE_PRODUCER:
      answer.set_type(Command::SUCCESS);
      answer.mutable_success()->set_request_id(frame.command.close_producer().request_id());
      return frame_of(answer);
    default:
      return {};
  }
}

using namespace std::chrono_literals;

class NoHost final : public driver::Host {
 public:
  std::uint64_t schedule(TimePoint, UniqueFunction<void()>) override { return 0; }
  bool cancel(std::uint64_t) noexcept override { return false; }
};

inline driver::BackendConfig config_of(const std::string& address, Extra parameters = {}) {
  driver::BackendConfig config;
  config.scheme = "pulsar";
  config.rest = address;
  config.parameters = std::move(parameters);
  config.instance = "test";
  config.connect_timeout = 20s;
  return config;
}

template <class T>
std::pair<std::optional<Error>, T> obtain(const std::function<void(driver::Result<T>)>& start) {
  auto result = std::make_shared<std::promise<std::pair<std::optional<Error>, T>>>();
  auto future = result->get_future();
  start([result](const Error* error, T value) {
    result->set_value({error != nullptr ? std::optional(*error) : std::nullopt, std::move(value)});
  });
  return future.get();
}

inline std::unique_ptr<driver::Producer> producer_of(driver::Backend& backend,
                                                     const std::string& batching = "off") {
  auto [error, producer] = obtain<std::unique_ptr<driver::Producer>>([&](auto done) {
    backend.create_producer(
        {.queue = QueueName::parse("q1/a/b/c"), .name = "p", .extra = {{"batching", batching}}},
        std::move(done));
  });
  if (error) error->raise();
  return std::move(producer);
}

/// Sends payloads 1…count; what became of each, in order of their completions.
inline std::vector<std::pair<std::uint64_t, std::optional<ErrorCode>>> send(driver::Producer& producer,
                                                                            std::size_t count) {
  std::vector<driver::Outgoing> messages(count);
  std::vector<driver::SendRequest> batch;
  std::vector<std::pair<std::uint64_t, std::optional<ErrorCode>>> ended;
  std::promise<void> all;
  for (std::size_t i = 0; i < count; ++i) {
    messages[i].sequence = i + 1;
    batch.push_back({&messages[i], [&, i](const Error* error) {
                       ended.emplace_back(i + 1,
                                          error != nullptr ? std::optional(error->code()) : std::nullopt);
                       if (ended.size() == count) all.set_value();
                     }});
  }
  producer.send(batch);
  all.get_future().wait();
  return ended;
}

inline void close(driver::Producer& producer) {
  std::promise<void> closed;
  producer.close(deadline_after(20s), [&](const Error*) { closed.set_value(); });
  closed.get_future().wait();
}

inline std::string receipt(const proto::CommandSend& send) {
  proto::BaseCommand answer;
  answer.set_type(proto::BaseCommand::SEND_RECEIPT);
  answer.mutable_send_receipt()->set_producer_id(send.producer_id());
  answer.mutable_send_receipt()->set_sequence_id(send.sequence_id());
  return frame_of(answer);
}

}  // namespace omnibus::pulsar
