#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <omnibus/detail/handles.hpp>

#include "core/connection.hpp"
#include "core/counter.hpp"

namespace omnibus::detail {

/// An inline consumer above its driver: decodes and calls the user's handler on the thread that sends.
/// Threads: any.
class InlineCore final : public driver::InlineSink,
                         public Closable,
                         public std::enable_shared_from_this<InlineCore> {
 public:
  /// Errors: ConfigError; what the driver reports.
  static std::shared_ptr<InlineCore> open(const std::shared_ptr<Connection>& connection,
                                          const QueueName& queue, const schema::Type& type,
                                          MakeInlineCall make);
  InlineCore(std::shared_ptr<Connection> connection, const QueueName& queue, const schema::Type& type,
             MakeInlineCall make);
  ~InlineCore() override;

  void take(const driver::InlineMessage& message) noexcept override;

  void begin_close(TimePoint deadline) noexcept override;
  CloseReport close(Duration timeout) noexcept override;
  bool is_consumer() const noexcept override { return true; }

  const QueueName& queue() const noexcept { return queue_; }

 private:
  /// What one call needs, kept for the next.
  struct Seat {
    std::unique_ptr<driver::Decoder> decoder;
    std::unique_ptr<InlineCall> call;
  };
  std::unique_ptr<Seat> sit_down();
  void stand_up(std::unique_ptr<Seat> seat) noexcept;
  void handle(const driver::InlineMessage& message);
  void leave() noexcept;
  void let_go() noexcept;

  const std::shared_ptr<Connection> connection_;
  const QueueName queue_;
  const schema::Type& type_;
  MakeInlineCall make_;  ///< constant until let_go()
  const Labels labels_;
  LazyCounter received_{"omnibus_received", "Messages received"};
  LazyCounter decode_errors_{"omnibus_decode_errors", "Messages that are not of the expected type"};
  LazyCounter failed_{"omnibus_inline_failures", "Messages whose inline handler threw"};

  std::atomic<Seat*> free_seat_ = nullptr;
  std::atomic<std::size_t> running_ = 0;  ///< calls of take()
  std::atomic<bool> closing_ = false;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::unique_ptr<driver::InlineConsumer> driver_;
};

}  // namespace omnibus::detail
