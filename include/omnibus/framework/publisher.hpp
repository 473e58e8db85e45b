#pragma once

#include <memory>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

struct PublisherSettings {
  std::string id;
  QueueName queue;
  std::size_t capacity = 10;                 ///< items accepted and not yet confirmed by the broker
  Duration retry = std::chrono::seconds(1);  ///< before a failed item is tried again
  ProducerOptions options = {};
};

namespace detail {
/// The publisher without the type.
class PublisherCore {
 public:
  PublisherCore(Bus bus, PublisherSettings settings, const schema::Type& type);
  ~PublisherCore();
  PublisherCore(const PublisherCore&) = delete;
  PublisherCore& operator=(const PublisherCore&) = delete;

  void send(std::string correlation, std::shared_ptr<const void> value);
  CloseReport stop(Duration timeout) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};
}  // namespace detail

/// A small bounded buffer (10 items) in front of a producer: send() waits for a place, not for the broker.
/// A failed item is tried again until stop; leftovers are reported, never dropped in silence. An item that
/// can never be sent (too large, not encodable) is logged and counted as unsent. Threads: any.
template <Schema T>
class Publisher {
 public:
  Publisher(Bus bus, std::string id, QueueName queue, std::size_t capacity = 10)
      : Publisher(std::move(bus),
                  PublisherSettings{.id = std::move(id), .queue = std::move(queue), .capacity = capacity}) {}
  Publisher(Bus bus, PublisherSettings settings)
      : core_(std::move(bus), std::move(settings), schema::type_of<T>()) {}

  /// Sends with property `id` when `correlation` is not empty. Waits while the buffer is full.
  /// Errors: ClosedError("Publisher is shutting down, not accepting new messages").
  // NOLINTNEXTLINE(performance-unnecessary-value-param): moved, which the check does not see in a template
  void send(std::string correlation, T value) {
    core_.send(std::move(correlation), std::make_shared<const T>(std::move(value)));
  }
  /// Drains up to `timeout`; reports what was sent while draining, and all that could not be sent.
  /// Idempotent; the destructor calls it.
  CloseReport stop(Duration timeout = std::chrono::seconds(5)) noexcept { return core_.stop(timeout); }

 private:
  detail::PublisherCore core_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
