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

std::vector<catalogue::ConfigValue> wire(const std::vector<Item>& items) {
  std::vector<catalogue::ConfigValue> out;
  out.reserve(items.size());
  for (const auto& item : items) out.push_back({item.type, item.key, item.value});
  return out;
}

std::vector<catalogue::ConfigKey> wire(const std::vector<Key>& keys) {
  std::vector<catalogue::ConfigKey> out;
  out.reserve(keys.size());
  for (const auto& key : keys) out.push_back({key.type, key.key});
  return out;
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
  return impl_
      ->ask({.operation = "apply",
             .if_version = if_version,
             .put = wire(change.put),
             .delete_ = wire(change.remove)})
      .version.value_or(0);
}

Entries Client::get(const std::vector<Key>& keys) {
  auto answer = impl_->ask({.operation = "get", .keys = wire(keys)});
  Entries out{.version = answer.version.value_or(0), .values = {}};
  for (auto& value : answer.values.value_or(std::vector<catalogue::ConfigValue>{})) {
    out.values.push_back(std::move(value.value));
  }
  if (out.values.size() != keys.size()) {
    throw Error(ErrorCode::protocol, "the configuration service answered " +
                                         std::to_string(out.values.size()) + " values for " +
                                         std::to_string(keys.size()) + " keys");
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> Client::values(const std::string& type) {
  auto answer = impl_->ask({.operation = "getvalues", .type = type});
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& value : answer.values.value_or(std::vector<catalogue::ConfigValue>{})) {
    out.emplace_back(std::move(value.key), std::move(value.value).value_or(""));
  }
  return out;
}

void Client::put(const std::vector<Item>& items) { impl_->ask({.operation = "put", .values = wire(items)}); }

void Client::remove(const std::vector<Key>& keys) { impl_->ask({.operation = "delete", .keys = wire(keys)}); }

}  // namespace omnibus::config
