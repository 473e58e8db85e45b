#include "core/transaction.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include <omnibus/log.hpp>

#include "core/answer.hpp"
#include "core/counter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration abort_time = std::chrono::seconds(10);

/// The sends that the driver has not completed yet. Shared with their completions, which may outlive a
/// transaction whose broker is gone.
class Sends {
 public:
  driver::Outgoing& add(driver::Outgoing message) {
    const std::lock_guard lock(mutex_);
    ++open_;
    return messages_.emplace_back(std::move(message));
  }
  void complete(const Error* error) {
    const std::lock_guard lock(mutex_);
    if (error != nullptr && !failure_) failure_ = *error;
    --open_;
    changed_.notify_all();
  }
  /// False when the deadline passes first.
  bool wait_until(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    return detail::wait_until(changed_, lock, deadline, [this] { return open_ == 0; });
  }
  std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<driver::Outgoing> messages_;  ///< do not move
  std::size_t open_ = 0;
  std::optional<Error> failure_;
};

class Handle final : public TransactionHandle {
 public:
  Handle(std::shared_ptr<BusCore> owner, std::unique_ptr<driver::Transaction> driver)
      : owner_(std::move(owner)), driver_(std::move(driver)) {}
  ~Handle() override { abort(); }

  void send(const QueueName& queue, const schema::Type& type, const void* value,
            const SendOptions& options) override;
  void acknowledge(ConsumerHandle& consumer, const Envelope& envelope) override;
  void commit(Duration timeout) override;
  void abort() noexcept override;

 private:
  Connection& connection() const noexcept { return *owner_->connection(); }
  void refuse_if_ended() const;
  void end(TransactionEnd how) noexcept;

  const std::shared_ptr<BusCore> owner_;
  const std::shared_ptr<Sends> sends_ = std::make_shared<Sends>();
  std::vector<ConsumerHandle::EndSettling> settlings_;
  std::unique_ptr<driver::Transaction> driver_;  ///< null: ended
};

void Handle::refuse_if_ended() const {
  if (!driver_) throw ClosedError("the transaction has ended");
}

void Handle::send(const QueueName& queue, const schema::Type& type, const void* value,
                  const SendOptions& options) {
  refuse_if_ended();
  validate(queue);
  validate(options.properties);
  if (options.delay > Duration::zero()) {
    connection().require(driver::Feature::delayed_send, "a send with a delay");
  }
  driver::Outgoing message;
  connection().backend().encoder(type)->encode(value, message.payload);
  const auto limit = connection().features().max_message_size;
  if (limit != 0 && message.payload.size() > limit) {
    throw Error(ErrorCode::too_large,
                "cannot send to " + queue.str() + ": the message has " +
                    std::to_string(message.payload.size()) + " bytes, the limit is " + std::to_string(limit),
                {.backend = std::string(connection().backend().name())});
  }
  message.properties = options.properties;
  message.key = options.key;
  message.delay = std::max(options.delay, Duration::zero());
  const auto& kept = sends_->add(std::move(message));
  driver_->send(queue, kept, [sends = sends_](const Error* error) { sends->complete(error); });
}

void Handle::acknowledge(ConsumerHandle& consumer, const Envelope& envelope) {
  refuse_if_ended();
  settlings_.push_back(consumer.acknowledge_in(*driver_, envelope));
}

void Handle::commit(Duration timeout) {
  refuse_if_ended();
  const auto deadline = deadline_after(timeout);
  if (!sends_->wait_until(deadline)) {
    abort();
    throw Error(ErrorCode::unavailable, "the transaction's messages were not taken within the timeout",
                {.retryable = true, .backend = std::string(connection().backend().name())});
  }
  if (const auto failure = sends_->failure()) {
    abort();
    failure->with_context("the transaction was aborted").raise();
  }
  const auto waiter = std::make_shared<SharedWaiter<std::optional<Error>>>();
  driver_->commit([waiter](const Error* error) {
    waiter->set(error != nullptr ? std::optional<Error>(*error) : std::nullopt);
  });
  const auto answer = waiter->wait_until(deadline);
  if (!answer) {
    end(TransactionEnd::unknown);
    throw Error(ErrorCode::unknown_outcome, "the transaction was not confirmed within the timeout",
                {.backend = std::string(connection().backend().name())});
  }
  if (!*answer) return end(TransactionEnd::committed);
  const bool unknown = (*answer)->code() == ErrorCode::unknown_outcome;
  end(unknown ? TransactionEnd::unknown : TransactionEnd::aborted);
  (*answer)->with_context("the transaction was not committed").raise();
}

void Handle::abort() noexcept {
  if (!driver_) return;
  const auto deadline = deadline_after(abort_time);
  const auto waiter = std::make_shared<SharedWaiter<bool>>();
  try {
    sends_->wait_until(deadline);
    driver_->abort([waiter](const Error*) { waiter->set(true); });
    if (!waiter->wait_until(deadline)) {
      log::write(log::Level::warning, "the end of an aborted transaction was not confirmed");
    }
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("a transaction could not be aborted: ") + error.what());
  }
  end(TransactionEnd::aborted);
}

void Handle::end(TransactionEnd how) noexcept {
  driver_.reset();
  for (auto& settling : settlings_) settling(how);
  settlings_.clear();
}

}  // namespace

std::unique_ptr<TransactionHandle> begin_transaction(std::shared_ptr<BusCore> owner) {
  auto& connection = *owner->connection();
  connection.require(driver::Feature::transactions, "a transaction");
  auto driver = answer_of<std::unique_ptr<driver::Transaction>>(
      connection, "cannot begin a transaction",
      [&](driver::Backend& backend, auto done) { backend.begin(connection.instance(), std::move(done)); });
  return std::make_unique<Handle>(std::move(owner), std::move(driver));
}

}  // namespace omnibus::detail
