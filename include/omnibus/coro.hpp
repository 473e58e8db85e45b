#pragma once

/// Coroutines over Boost.Asio: the one installed header that includes Boost (libboost1.81-dev), and costs
/// seconds of compile time. Not part of omnibus.hpp.
///
///     boost::asio::awaitable<void> echo(omnibus::Consumer<Text>& in, omnibus::Producer<Text>& out) {
///       const auto message = co_await omnibus::async_receive(in);
///       co_await omnibus::async_send(out, message.value());
///       co_await omnibus::async_acknowledge(in, message);
///     }
///
/// Trap: GCC 12 destroys a braced aggregate twice that is a temporary inside a co_await expression, so
/// `co_await async_send(out, Text{"x"})` crashes; give the value a name first.
///
/// A coroutine resumes on its own executor. Errors are thrown where it waits, as by the calls that block.
/// Threads: as the handle that is waited on.

#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <omnibus/bus.hpp>
#include <omnibus/framework/handler.hpp>
#include <omnibus/framework/request_response.hpp>

namespace omnibus {
namespace detail {

inline std::exception_ptr exception_of(const Error* error) {
  if (error == nullptr) return nullptr;
  try {
    error->raise();
  } catch (...) {
    return std::current_exception();
  }
}

/// Brings an answer from another thread back to the executor of the coroutine that waits for it. Copyable,
/// because the framework keeps callbacks in std::function.
template <class Handler>
class Resumption {
 public:
  explicit Resumption(Handler handler)
      : work_(boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                  boost::asio::execution::outstanding_work.tracked)),
        handler_(std::make_shared<Handler>(std::move(handler))) {}

  template <class... Results>
  void operator()(std::exception_ptr exception, Results... results) const {
    boost::asio::post(work_, [handler = handler_, failure = std::move(exception),
                              ... values = std::move(results)]() mutable {
      auto resume = std::move(*handler);
      std::move(resume)(std::move(failure), std::move(values)...);
    });
  }

 private:
  using Executor =
      decltype(boost::asio::prefer(boost::asio::get_associated_executor(std::declval<Handler&>()),
                                   boost::asio::execution::outstanding_work.tracked));
  Executor work_;  ///< keeps the coroutine's context running
  std::shared_ptr<Handler> handler_;
};

/// Waits for what `start` begins; what it throws is thrown where the coroutine waits. Thrown from here it
/// would end whatever runs the coroutine.
template <class... Results, class Start>
auto wait_for(Start start) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                     void(std::exception_ptr, Results...)>(
      [](auto handler, Start begin) {
        const Resumption<std::decay_t<decltype(handler)>> resume(std::move(handler));
        try {
          begin(resume);
        } catch (...) {
          resume(std::current_exception(), Results()...);
        }
      },
      boost::asio::use_awaitable, std::move(start));
}

}  // namespace detail

/// The next message. Ends only with a message, or with ClosedError or a fatal Error when the consumer ends;
/// for a timeout, close the consumer or race it with a timer.
template <Schema T>
boost::asio::awaitable<Message<T>> async_receive(Consumer<T>& consumer) {
  auto message = co_await detail::wait_for<std::optional<Message<T>>>([&consumer](auto resume) {
    consumer.receive_async([resume](const Error* error, std::optional<Message<T>> received) {
      resume(detail::exception_of(error), std::move(received));
    });
  });
  co_return std::move(*message);
}

/// Ends when the broker has accepted the message. `value` and `options` are copied. Errors: as
/// Producer::send. A full window blocks the thread unless ProducerOptions::block_when_full is off.
template <Schema T>
boost::asio::awaitable<void> async_send(Producer<T>& producer, T value, SendOptions options) {
  co_await detail::wait_for<>([&](auto resume) {
    producer.send_async(value, options,
                        [resume](const Error* error) { resume(detail::exception_of(error)); });
  });
}
template <Schema T>
boost::asio::awaitable<void> async_send(Producer<T>& producer, const T& value) {
  return async_send(producer, value, SendOptions());
}

/// Ends when the message is settled. Errors: as Consumer::acknowledge.
template <Schema T>
boost::asio::awaitable<void> async_acknowledge(Consumer<T>& consumer, const Message<T>& message) {
  co_await detail::wait_for<>([&](auto resume) {
    consumer.acknowledge_async(message,
                               [resume](const Error* error) { resume(detail::exception_of(error)); });
  });
}

/// The first answer to a request. Errors: as RequestResponse::request.
template <Schema Request, Schema Response>
boost::asio::awaitable<Response> async_request(framework::RequestResponse<Request, Response>& client,
                                               Request request,
                                               Duration timeout = std::chrono::seconds(300)) {
  auto answer = co_await detail::wait_for<std::optional<Response>>([&](auto resume) {
    client.request_async(
        request,
        [resume](const Error* error, const Response* response) {
          resume(detail::exception_of(error),
                 response != nullptr ? std::optional<Response>(*response) : std::nullopt);
          return true;
        },
        timeout);
  });
  co_return std::move(*answer);
}

namespace framework {

/// Turns a coroutine into a handler: it runs on `executor` (Asio's own pool by default), each message on a
/// strand of its own. A request to stop cancels what it waits for (asio's per-operation cancellation).
/// `coroutine` is a function `awaitable<void>(const Message<T>&, const Context&)`; both arguments live until
/// it ends. Take no capturing lambda that ends before the consumer does.
template <Schema T, class Coroutine>
AsyncHandler<T> coroutine_handler(
    Coroutine coroutine, const boost::asio::any_io_executor& executor = boost::asio::system_executor()) {
  struct Running {
    Running(Context where, HandlerDone last) : context(std::move(where)), done(std::move(last)) {}
    Context context;
    HandlerDone done;
    boost::asio::cancellation_signal signal;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
  };
  return [coroutine = std::make_shared<Coroutine>(std::move(coroutine)), executor](
             const Message<T>& message, const Context& context, HandlerDone done) {
    const auto running = std::make_shared<Running>(context, std::move(done));
    const auto strand = boost::asio::make_strand(executor);
    const auto cancel = [weak = std::weak_ptr(running), strand] {
      boost::asio::post(strand, [weak] {
        if (const auto alive = weak.lock()) alive->signal.emit(boost::asio::cancellation_type::terminal);
      });
    };
    running->on_stop.emplace(context.stop, cancel);
    boost::asio::co_spawn(
        strand,
        [coroutine, &message, running]() -> boost::asio::awaitable<void> {
          co_await (*coroutine)(message, running->context);
        },
        boost::asio::bind_cancellation_slot(running->signal.slot(), [running](std::exception_ptr failure) {
          running->on_stop.reset();
          auto finish = std::move(running->done);
          finish(std::move(failure));
        }));
    if (context.stop.stop_requested()) cancel();  // the first may have come before there was what to cancel
  };
}

}  // namespace framework
}  // namespace omnibus
