#pragma once

#include <exception>
#include <functional>
#include <stop_token>
#include <string>

#include <omnibus/function.hpp>
#include <omnibus/message.hpp>

namespace omnibus::framework {

class Flow;

namespace detail {
class TransactionScope;
}

/// What a handler knows of where it runs. Valid for the call; a coroutine handler may keep a copy.
struct Context {
  std::string id;             ///< the processor's id
  std::string flow;           ///< the flow's id, "None" outside flows
  std::string name;           ///< the consumer's name in its spec
  std::stop_token stop = {};  ///< requested when the processor stops and this handler still runs
  std::shared_ptr<Flow> in =
      nullptr;  ///< the flow: its producers, clients and parameters; null outside flows
  /// What Producer::joined takes; null unless the consumer is transactional. The producers of `in` have
  /// joined it.
  std::shared_ptr<detail::TransactionScope> transaction = nullptr;
};

/// Handles one message: return = acknowledged, exception = negatively acknowledged, TooManyRequests = wait
/// and again. With ConsumerSettings::transactional its outputs happen only together with the acknowledgement.
/// Threads: runs on the Bus's pool; `concurrency` calls at once.
template <Schema T>
using Handler = std::function<void(const Message<T>&, const Context&)>;

/// Must be called exactly once, from any thread; empty means success.
using HandlerDone = UniqueFunction<void(std::exception_ptr)>;

/// A handler that ends later; what coroutine handlers are made of. The message lives until `done` is called.
template <Schema T>
using AsyncHandler = std::function<void(const Message<T>&, const Context&, HandlerDone done)>;

}  // namespace omnibus::framework
