#include "conformance/contract.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace omnibus::conformance {
namespace {

constexpr std::array rows{
    Row{"Name", "name",
        "`{q0|q1|q2}/{tenant}/{namespace}/{queue}` up to 200 bytes; a malformed name is refused with the "
        "expected "
        "form; q1 and q2 of one name are one queue, q0 is another"},
    Row{"BestEffort", "q0",
        "best effort: acknowledgement is a no-op, a slow consumer loses the oldest, counted; the producer "
        "never "
        "waits for it"},
    Row{"Inline", "q0, inline",
        "by option best effort is handled on the sender's thread, before its send returns"},
    Row{"AtLeastOnce", "q1",
        "at least once: survives the restart of consumer and broker and the death of the consumer's process"},
    Row{"SendOnce", "q2 (a) send",
        "a send that the library repeats is stored once, across processes with a producer name and a "
        "sequence"},
    Row{"Transactions", "q2 (b) transaction", "outputs and acknowledgement happen together or not at all"},
    Row{"DerivedOnce", "q2 (c) derived",
        "an output derived from an input that is handled twice is stored once"},
    Row{"Kills", "q2, kills",
        "a process killed with -9 at any step of sending or of a transaction leaves nothing lost or doubled"},
    Row{"Outages", "outages",
        "broker killed, frozen and connections cut under load: nothing lost (q1), nothing doubled (q2)"},
    Row{"HandlerEffects", "q2, limits", "what a handler does outside the bus is repeated with its message"},
    Row{"Subscriptions", "subscription",
        "each subscription sees every message; ephemeral ones go with their last consumer, its death "
        "included"},
    Row{"SharingModes", "sharing", "shared, exclusive and failover, fixed by the first live consumer"},
    Row{"StartPosition", "position",
        "latest: everything sent after creation returned; earliest: all retained; an existing one resumes"},
    Row{"Retention", "retention",
        "what a subscription has not acknowledged is kept up to a hard limit that is an error for senders"},
    Row{"NoSubscriber", "no subscriber", "kept, reported to the sender, or a documented loss"},
    Row{"NegativeAck", "nack", "comes back after its back-off, to any consumer; others are not held up"},
    Row{"Attempts", "attempts", "each delivery tells how often it was tried"},
    Row{"DeadLetter", "dead letter",
        "after the attempts limit a copy with reason, attempts and origin is kept, and only then the message "
        "goes"},
    Row{"Order", "order",
        "first deliveries in order per producer; with ordered keys only a nacked key waits"},
    Row{"LongHandler", "long handler", "a message in work is not redelivered while its process lives"},
    Row{"Acknowledge", "ack", "idempotent; a stale one is an error and is never applied to another message"},
    Row{"MessageProperties", "properties", "arrive as they were sent; limits are checked before sending"},
    Row{"Size", "size",
        "1 byte up to the limit, every byte value; over it an error before anything is written"},
    Row{"SendingOptions", "send options", "key, properties, delay, sequence; a bounded window"},
    Row{"LinkLoss", "link loss",
        "sends are repeated and subscriptions resumed; blocked calls end at their deadline"},
    Row{"Close", "close", "idempotent, from any thread, bounded, tells what was left"},
    Row{"Failures", "failures", "an error with code and hint, within the connect timeout"},
    Row{"Identity", "identity", "producers of two processes are never taken for one another"},
    Row{"Credit", "credit", "a consumer never holds more unacknowledged messages than its window"},
    Row{"Statistics", "statistics", "depth, backlog, in flight, redelivered and age of a queue"},
    Row{"Seam", "driver seam", "completions run once, deliveries only against credit, nothing after close"},
    Row{"Catalogue", "catalogue", "every catalogue type arrives as it was sent"},
    Row{"Load", "load", "many producers, consumers and idle subscriptions: nothing lost, threads constant"},
};

}  // namespace

std::span<const Row> contract() { return rows; }

std::vector<std::string> contract_gaps() {
  std::vector<std::string> gaps;
  const auto& unit = *::testing::UnitTest::GetInstance();
  std::vector<std::string_view> suites;
  for (int i = 0; i < unit.total_test_suite_count(); ++i) suites.emplace_back(unit.GetTestSuite(i)->name());
  for (const auto& row : rows) {
    if (std::find(suites.begin(), suites.end(), row.suite) == suites.end()) {
      gaps.push_back("the contract's row '" + std::string(row.item) + "' has no case");
    }
  }
  for (const auto suite : suites) {
    if (std::none_of(rows.begin(), rows.end(), [&](const Row& row) { return row.suite == suite; })) {
      gaps.push_back("the suite " + std::string(suite) + " belongs to no row of the contract");
    }
  }
  return gaps;
}

}  // namespace omnibus::conformance
