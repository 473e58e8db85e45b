#include "backends/embedded/transaction.hpp"

#include "backends/embedded/consumer.hpp"

namespace omnibus::embedded {
namespace {

constexpr std::size_t most_outputs = 1024;
constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;
/// The bodies that lie in the frame have together at most so much.
constexpr std::uint64_t most_inline = std::uint64_t{64} << 10;

Error too_large(const std::string& what, std::uint64_t limit) {
  return {ErrorCode::too_large,
          "a transaction has at most " + std::to_string(limit) + " " + what,
          {.backend = "embedded", .hint = "commit in smaller parts"}};
}

}  // namespace

TransactionHandle::~TransactionHandle() { engine_->abandon(work_); }

void TransactionHandle::send(const QueueName& queue, const driver::Outgoing& message, Completion done) {
  try {
    const auto size = message.payload.size();
    if (work_.outputs.size() >= most_outputs) throw too_large("outputs", most_outputs);
    if (size > max_message_size || bytes_ + size > most_bytes) throw too_large("bytes", most_bytes);
    const bool apart = inline_bytes_ + size > most_inline;
    work_.outputs.push_back(engine_->keep(queue, message, apart));
    bytes_ += size;
    if (!apart) inline_bytes_ += size;
  } catch (const Error& error) {
    return done(&error);
  }
  done(nullptr);
}

void TransactionHandle::acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids,
                                    Completion done) {
  const auto* mine = dynamic_cast<const ConsumerHandle*>(&consumer);
  if (mine == nullptr || mine->engine() != engine_) {
    const ConfigError error("a transaction acknowledges messages of its own connection only");
    return done(&error);
  }
  work_.acknowledged.push_back({mine->port(), {ids.begin(), ids.end()}});
  done(nullptr);
}

void TransactionHandle::commit(Completion done) {
  engine_->transact(std::exchange(work_, {}), std::move(done));
}

void TransactionHandle::abort(Completion done) {
  engine_->abandon(std::exchange(work_, {}));
  done(nullptr);
}

}  // namespace omnibus::embedded
