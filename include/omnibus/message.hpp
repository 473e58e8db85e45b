#pragma once

#include <string>
#include <utility>

#include <omnibus/detail/handles.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus {

/// A received message: the decoded value and what came with it. Keep it until it is acknowledged.
/// Threads: like a plain value.
template <Schema T>
class Message {
 public:
  Message(T value, detail::Envelope envelope) : value_(std::move(value)), envelope_(std::move(envelope)) {}

  const T& value() const noexcept { return value_; }
  T& value() noexcept { return value_; }
  const T* operator->() const noexcept { return &value_; }
  const Properties& properties() const noexcept { return envelope_.delivery.properties; }
  const std::string& key() const noexcept { return envelope_.delivery.key; }
  /// 1 for the first delivery; 0 when the broker does not tell.
  std::uint32_t attempt() const noexcept { return envelope_.delivery.attempt; }
  SystemTime publish_time() const noexcept { return envelope_.delivery.publish_time; }
  /// The broker's id as text, for logs; may be empty.
  const std::string& id() const noexcept { return envelope_.delivery.message_id; }
  /// The payload as it came.
  std::string_view payload() const noexcept { return envelope_.delivery.body.bytes(); }

  const detail::Envelope& envelope() const noexcept { return envelope_; }

 private:
  T value_;
  detail::Envelope envelope_;
};

}  // namespace omnibus
