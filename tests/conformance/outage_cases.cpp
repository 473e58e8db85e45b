/// The broker killed and frozen, and connections cut, while messages flow.

#include <array>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

constexpr std::size_t senders = 3, relays = 3;
constexpr std::size_t most = 3'000'000;  ///< messages of one stream
constexpr Duration longest = 10min;      ///< that a call may have to sit out

/// Messages with numbers of their own, from several senders.
struct Stream {
  Tally came{most};
  std::atomic<std::size_t> sent = 0;                      ///< confirmed
  std::array<std::atomic<std::size_t>, senders> of = {};  ///< those, by sender
  std::atomic<std::size_t> handled = 0;
  Tally passed{most};  ///< on by relays

  std::size_t lost() const noexcept { return sent - came.distinct(); }
};

class Outages : public Case {
 protected:
  /// Calls again until it succeeds; counts what fails meanwhile.
  template <class Call>
  void insist(Call call) {
    for (;;) {
      try {
        return call();
      } catch (const Error& error) {
        if (!error.retryable() && error.code() != ErrorCode::timeout) throw;
        ++failures_;
        std::this_thread::sleep_for(20ms);
      }
    }
  }

  /// One message after the other, never far ahead of the readers. `once`: under a name and with sequences.
  void send(Stream& stream, const QueueName& queue, std::size_t sender, bool once) {
    ProducerOptions how{.send_timeout = longest};
    if (once) how.name = "sender-" + std::to_string(sender);
    auto outbox = producer(queue, how);
    for (std::size_t number = 0; !stop_ && number < most / senders; ++number) {
      while (!stop_ && stream.sent > stream.handled + 1000) std::this_thread::sleep_for(2ms);
      const auto numbered = item(static_cast<std::int64_t>(sender * (most / senders) + number));
      SendOptions options;
      if (once) options.sequence = number + 1;
      insist([&] { outbox.send(numbered, options); });
      ++stream.of[sender];
      ++stream.sent;
    }
  }

  /// Tells which were lost, the first few.
  void report_lost(const std::string& name, const Stream& stream) {
    std::size_t told = 0;
    for (std::size_t sender = 0; sender < senders; ++sender) {
      const auto first = sender * (most / senders);
      for (auto number = first; number < first + stream.of[sender] && told < 10; ++number) {
        if (stream.came.seen(number)) continue;
        report(name + " lost number", number);
        ++told;
      }
    }
  }

  /// Receives and acknowledges until everything has come, or for long nothing.
  void receive(Stream& stream, Consumer<Item>& inbox) {
    auto progress = Clock::now();
    while (!all_sent_ || (stream.lost() > 0 && Clock::now() - progress < 3 * options().patience)) {
      try {
        if (const auto message = inbox.poll(100ms)) {
          stream.came.count(static_cast<std::size_t>((*message)->number));
          ++stream.handled;
          progress = Clock::now();
          inbox.acknowledge_async(*message);
        }
      } catch (const Error& error) {
        if (!error.retryable()) throw;
        ++failures_;
      }
    }
  }

  /// Relays in transactions until all is relayed, or for long nothing comes: a commit whose answer was lost
  /// is not counted here. What is not committed is given back and comes again.
  void relay(Stream& stream, Consumer<Item>& inbox, const QueueName& to) {
    auto outbox = producer(to, {.send_timeout = longest});
    auto progress = Clock::now();
    while (!all_sent_ ||
           (stream.passed.distinct() < stream.sent && Clock::now() - progress < options().patience)) {
      std::optional<Message<Item>> message;
      try {
        message = inbox.poll(100ms);
        if (!message) continue;
        progress = Clock::now();
        pass_on(*message, inbox, outbox);
        stream.passed.count(static_cast<std::size_t>((*message)->number));
        ++stream.handled;
      } catch (const Error& error) {
        ++failures_;
        progress = Clock::now();
        if (message) inbox.negative_acknowledge_async(*message, "not relayed");
      }
    }
  }

  /// In one transaction, or, where there are none, the copy first.
  void pass_on(const Message<Item>& message, Consumer<Item>& inbox, Producer<Item>& outbox) {
    if (!features().has(Feature::transactions)) {
      outbox.send(message.value());
      return inbox.acknowledge(message);
    }
    bus().transact([&](Transaction& transaction) {
      transaction.send(outbox.queue(), message.value());
      transaction.acknowledge(inbox, message);
    });
  }

  /// Waits until both streams have moved on.
  void flow(const Stream& one, const Stream& other) {
    const std::size_t first = one.handled + 100, second = other.handled + 100;
    const auto deadline = deadline_after(6 * options().patience);
    while (one.handled < first || other.handled < second) {
      if (Clock::now() >= deadline) throw Missed("messages do not flow again");
      std::this_thread::sleep_for(5ms);
    }
  }

  /// One disturbance after the other; between them messages flow.
  void disturb(const Stream& one, const Stream& other) {
    flow(one, other);
    for (std::size_t i = 0; i < std::max(options().outages, options().cuts); ++i) {
      if (i < options().cuts) {
        harness().cut();
        flow(one, other);
      }
      if (i < options().outages) {
        harness().kill();
        harness().start();
        flow(one, other);
      }
    }
    if (options().freeze == Duration::zero()) return;
    harness().freeze();
    std::this_thread::sleep_for(options().freeze);
    harness().thaw();
    flow(one, other);
  }

  /// Reads what a subscription that nobody disturbed has kept.
  void read_kept(Stream& stream, const QueueName& queue) {
    auto inbox = consumer(queue, "kept");
    while (stream.lost() > 0) {
      const auto message = inbox.poll(options().patience);
      if (!message) break;
      stream.came.count(static_cast<std::size_t>((*message)->number));
      inbox.acknowledge_async(*message);
    }
    for (const auto& late : drain(inbox)) stream.came.count(static_cast<std::size_t>(late->number));
  }

  void check(const std::string& name, const Stream& stream, bool once) {
    report(name + " sent", stream.sent);
    report(name + " lost", stream.lost());
    report_lost(name, stream);
    report(name + " duplicated", stream.came.duplicated());
    EXPECT_EQ(stream.lost() + stream.came.strange(), 0u) << name;
    if (once) {
      EXPECT_EQ(stream.came.duplicated(), 0u) << name;
    }
  }

  std::atomic<bool> stop_ = false;      ///< no more sends
  std::atomic<bool> all_sent_ = false;  ///< no sender is left
  std::atomic<std::size_t> failures_ = 0;
};

TEST_F(Outages, UnderLoadLoseNothingAndDoubleNothing) {
  NEEDS(link_loss);
  NEEDS(durable);
  NEEDS(send_deduplication);
  const auto plain = queue("plain"), in = queue("in", Qos::exactly_once),
             out = queue("out", Qos::exactly_once);
  const bool transactions = features().has(Feature::transactions);
  Stream q1, stored, relayed;
  auto reader = consumer(plain);
  consumer(in, "kept").close();
  consumer(out, "kept").close();
  std::vector<Consumer<Item>> inboxes;
  for (std::size_t i = 0; i < relays; ++i) inboxes.push_back(consumer(in, "relays", quick({.window = 20})));
  {
    Crew readers;
    readers.add([&] { receive(q1, reader); });
    for (auto& inbox : inboxes) readers.add([&] { relay(relayed, inbox, out); });
    {
      Crew sending;
      for (std::size_t i = 0; i < senders; ++i) {
        sending.add([&, i] { send(q1, plain, i, false); });
        sending.add([&, i] { send(relayed, in, i, true); });
      }
      try {
        disturb(q1, relayed);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
        harness().start();  // what waits for the broker would wait for long
      }
      stop_ = true;
    }
    all_sent_ = true;
  }
  stored.sent = relayed.sent.load();
  for (std::size_t i = 0; i < senders; ++i) stored.of[i] = relayed.of[i].load();
  read_kept(stored, in);
  read_kept(relayed, out);
  report("broker kills", options().outages);
  report("cuts", options().cuts);
  report("calls that failed and were repeated", failures_);
  check("q1", q1, false);
  check("q2 sends", stored, true);
  check(transactions ? "q2 transactions" : "q2 relays", relayed, transactions);
}

}  // namespace
}  // namespace omnibus::conformance
