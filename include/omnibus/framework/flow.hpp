#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/framework/request_response.hpp>

namespace omnibus::framework {

/// What a flow's definition gives a processor: queue names and parameter values by name.
using FlowDefinition = std::map<std::string, std::string>;

/// One running flow of one processor: what its specs built. Alive while handlers use it.
/// Threads: any.
class Flow {
 public:
  const std::string& id() const noexcept;
  /// Errors: Error{not_found} naming the spec when no producer of that name and type exists.
  template <Schema T>
  framework::Producer<T>& producer(std::string_view name);
  template <Schema Request, Schema Response>
  RequestResponse<Request, Response>& client(std::string_view request_name);
  /// Empty when the definition has none.
  std::optional<std::string> parameter(std::string_view name) const;
};

/// Builds one part of a flow. Errors: ConfigError when the definition lacks the spec's queue.
class Spec {
 public:
  virtual ~Spec() = default;
};

/// Subscription `<id>--<flow>--<name>`, position latest.
template <Schema T>
class ConsumerSpec : public Spec {
 public:
  ConsumerSpec(std::string name, Handler<T> handler, int concurrency = 1);
};
template <Schema T>
class ProducerSpec : public Spec {
 public:
  explicit ProducerSpec(std::string name);
};
/// Subscription `<id>`.
template <Schema T>
class SubscriberSpec : public Spec {
 public:
  explicit SubscriberSpec(std::string name);
};
class ParameterSpec : public Spec {
 public:
  explicit ParameterSpec(std::string name);
};
/// Subscription `<id>--<flow>--<request_name>--<uuid>`.
template <Schema Request, Schema Response>
class RequestResponseSpec : public Spec {
 public:
  RequestResponseSpec(std::string request_name, std::string response_name);
};

}  // namespace omnibus::framework
