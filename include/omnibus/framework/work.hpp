#pragma once

/// The untemplated insides of the framework's receiving classes. Not for direct use.

#include <functional>
#include <memory>
#include <utility>

#include <omnibus/detail/export.hpp>
#include <omnibus/framework/handler.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework::detail {

/// A received and decoded message of a type that the holder does not know.
class Received {
 public:
  virtual ~Received() = default;
  virtual const omnibus::detail::Envelope& envelope() const noexcept = 0;
  /// Set before it is handed on when only one will take it, so that the value may be moved out.
  bool sole = false;
};

template <Schema T>
class ReceivedMessage : public Received {
 public:
  ReceivedMessage(T value, omnibus::detail::Envelope envelope)
      : message_(std::move(value), std::move(envelope)) {}
  const omnibus::detail::Envelope& envelope() const noexcept final { return message_.envelope(); }
  Message<T>& message() noexcept { return message_; }

 private:
  Message<T> message_;
};

/// Decodes; null when the message was rejected and the next one should be taken.
using Decode =
    std::function<std::shared_ptr<Received>(omnibus::detail::ConsumerHandle&, omnibus::detail::Envelope)>;

template <Schema T>
std::shared_ptr<Received> decode(omnibus::detail::ConsumerHandle& handle,
                                 omnibus::detail::Envelope envelope) {
  T value{};
  if (!handle.decode(envelope, &value)) return nullptr;
  return std::make_shared<ReceivedMessage<T>>(std::move(value), std::move(envelope));
}

}  // namespace omnibus::framework::detail
OMNIBUS_EXPORT_END
