#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <omnibus/detail/handles.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus {

/// A message that is being sent, decoded. Lives as long as the handler's call.
template <Schema T>
class InlineMessage {
 public:
  InlineMessage(const T& value, const driver::InlineMessage& message) : value_(value), message_(message) {}

  const T& value() const noexcept { return value_; }
  const T* operator->() const noexcept { return &value_; }
  const Properties& properties() const noexcept { return message_.properties; }
  std::string_view key() const noexcept { return message_.key; }
  std::string_view payload() const noexcept { return message_.payload; }

 private:
  const T& value_;
  const driver::InlineMessage& message_;
};

/// Handles messages on the threads that send them; see Bus::create_inline_consumer. Threads: any thread for
/// every call.
template <Schema T>
class InlineConsumer {
 public:
  explicit InlineConsumer(std::unique_ptr<detail::InlineConsumerHandle> handle)
      : handle_(std::move(handle)) {}

  /// Returns when no handler runs any more, or at the timeout with the number that do; inside a handler at
  /// once. Idempotent; the destructor calls it.
  CloseReport close(Duration timeout = std::chrono::seconds(10)) noexcept { return handle_->close(timeout); }

  const QueueName& queue() const noexcept { return handle_->queue(); }

 private:
  std::unique_ptr<detail::InlineConsumerHandle> handle_;
};

namespace detail {

template <Schema T, class Handler>
class TypedInlineCall final : public InlineCall {
 public:
  explicit TypedInlineCall(std::shared_ptr<Handler> handler) : handler_(std::move(handler)) {}
  void* value() override {
    value_ = T{};  // keeps the memory of its texts
    return &value_;
  }
  void run(const driver::InlineMessage& message) override { (*handler_)(InlineMessage<T>(value_, message)); }

 private:
  const std::shared_ptr<Handler> handler_;
  T value_{};
};

template <Schema T, class Handler>
MakeInlineCall inline_calls(Handler handler) {
  return [shared = std::make_shared<Handler>(std::move(handler))] {
    return std::make_unique<TypedInlineCall<T, Handler>>(shared);
  };
}

}  // namespace detail
}  // namespace omnibus
