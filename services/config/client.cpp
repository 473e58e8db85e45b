#include "services/config/client.hpp"

#include <omnibus/framework/request_response.hpp>

#include "services/config/messages.hpp"

namespace omnibus::config {
namespace {

[[noreturn]] void raise(const catalogue::Error& error) {
  const auto code = error.type == conflict        ? ErrorCode::conflict
                    : error.type == too_large     ? ErrorCode::too_large
                    : error.type == bad_operation ? ErrorCode::unsupported
                                                  : ErrorCode::io;
  throw Error(code, error.message, {.retryable = code == ErrorCode::conflict, .native = error.type});
}

}  // namespace

struct Client::Impl {
  Impl(Bus bus, std::string id, Duration patience)
      : requests(std::move(bus), {.id = std::move(id),
                                  .name = "config-request",
                                  .request = QueueName::parse(catalogue::config_request_queue),
                                  .response = QueueName::parse(catalogue::config_response_queue),
                                  .subscription = {}}),
        timeout(patience) {}

  catalogue::ConfigResponse ask(const ConfigCall& call) {
    try {
      auto answer = requests.request(call, timeout);
      if (answer.error) raise(*answer.error);
      return answer;
    } catch (const TimeoutError&) {
      throw TimeoutError("the configuration service did not answer (is config-svc running?)");
    }
  }

  framework::RequestResponse<ConfigCall, catalogue::ConfigResponse> requests;
  const Duration timeout;
};

Client::Client(Bus bus, std::string id, Duration timeout)
    : impl_(std::make_unique<Impl>(std::move(bus), std::move(id), timeout)) {}

Client::~Client() = default;

void Client::start() { impl_->requests.start(); }
void Client::stop(Duration timeout) noexcept { impl_->requests.stop(timeout); }

Snapshot Client::read() {
  auto answer = impl_->ask({.operation = "config"});
  return {.version = answer.version.value_or(0), .values = std::move(answer.config).value_or(Values{})};
}

std::int64_t Client::apply(const Change& change, std::optional<std::int64_t> if_version) {
  ConfigCall call{.operation = "apply", .if_version = if_version};
  call.put.emplace();
  for (const auto& item : change.put) call.put->push_back({item.type, item.key, item.value});
  call.delete_.emplace();
  for (const auto& key : change.remove) call.delete_->push_back({key.type, key.key});
  return impl_->ask(call).version.value_or(0);
}

}  // namespace omnibus::config
