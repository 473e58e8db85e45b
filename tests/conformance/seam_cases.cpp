#include <random>

#include "conformance/case.hpp"
#include "conformance/seam.hpp"

namespace omnibus::conformance {
namespace {

class Seam : public Case {
 protected:
  /// Hands over payloads with sequences first… and waits for all confirmations; how many succeeded.
  static std::size_t send(driver::Producer& producer, std::size_t count, std::uint64_t first = 1,
                          std::string payload = "x") {
    std::vector<driver::Outgoing> messages(count);
    std::vector<driver::SendRequest> batch;
    auto confirmed = std::make_shared<std::atomic<std::size_t>>(0);
    auto ended = std::make_shared<std::atomic<std::size_t>>(0);
    for (std::size_t i = 0; i < count; ++i) {
      messages[i].payload = payload;
      messages[i].sequence = first + i;
      batch.push_back({.message = &messages[i], .done = [confirmed, ended](const Error* error) {
                         if (error == nullptr) ++*confirmed;
                         ++*ended;
                       }});
    }
    producer.send(batch);
    eventually("all sends of the batch ended", [&] { return *ended == count; });
    EXPECT_EQ(ended->load(), count) << "a completion ran twice";
    return *confirmed;
  }
  static void close(driver::Producer& producer) {
    finish([&](Completion done) { producer.close(deadline_after(5s), std::move(done)); });
  }
};

TEST_F(Seam, DeliversOnlyAgainstCredit) {
  Link link(harness().url());
  Inbox inbox(link, queue(), "readers");
  auto producer = link.producer(queue());
  EXPECT_EQ(send(*producer, 50), 50u);
  EXPECT_EQ(inbox.size(), 0u) << "delivered without credit";
  inbox.consumer().request(3);
  inbox.await(3);
  inbox.consumer().request(4);
  inbox.consumer().request(5);
  EXPECT_EQ(inbox.await(12).size(), 12u);
  std::this_thread::sleep_for(options().quiet);
  EXPECT_EQ(inbox.size(), 12u) << "delivered more than the credit";
  close(*producer);
}

TEST_F(Seam, NothingIsDeliveredAfterCloseCompleted) {
  Link link(harness().url());
  auto producer = link.producer(queue());
  std::vector<std::unique_ptr<Inbox>> inboxes;
  for (int round = 0; round < 10; ++round) {
    inboxes.push_back(std::make_unique<Inbox>(link, queue(), "readers"));
    inboxes.back()->consumer().request(1000);
    send(*producer, 20, 1 + static_cast<std::uint64_t>(round) * 20);
    inboxes.back()->close();
  }
  for (auto& inbox : inboxes) EXPECT_EQ(inbox->late(), 0u);
  close(*producer);
}

TEST_F(Seam, RepeatedSequenceIsConfirmedAndStoredOnce) {
  NEEDS(send_deduplication);
  Link link(harness().url());
  const auto where = queue("queue", Qos::exactly_once);
  Inbox inbox(link, where, "readers");
  inbox.consumer().request(1000);
  auto producer = link.producer(where);
  EXPECT_EQ(send(*producer, 10, 1), 10u);
  EXPECT_EQ(send(*producer, 10, 6), 10u) << "a send that is repeated must be confirmed";
  EXPECT_EQ(inbox.await(15).size(), 15u);
  std::this_thread::sleep_for(options().quiet);
  EXPECT_EQ(inbox.size(), 15u);
  close(*producer);
}

TEST_F(Seam, FlushCompletesAfterTheSends) {
  Link link(harness().url());
  auto producer = link.producer(queue());
  driver::Outgoing message;
  message.payload = "x";
  message.sequence = 1;
  auto confirmed = std::make_shared<std::atomic<bool>>(false);
  std::vector<driver::SendRequest> batch;
  batch.push_back({.message = &message, .done = [confirmed](const Error*) { *confirmed = true; }});
  producer->send(batch);
  finish([&](Completion done) { producer->flush(std::move(done)); });
  EXPECT_TRUE(*confirmed);
  close(*producer);
}

TEST_F(Seam, AcknowledgementIsIdempotentAndSettlesTheOthersToo) {
  Link link(harness().url());
  auto producer = link.producer(queue());
  {
    Inbox inbox(link, queue(), "readers");
    inbox.consumer().request(3);
    send(*producer, 3);
    const auto held = inbox.await(3);
    const std::array twice{held[0].ack, held[0].ack, held[1].ack};
    for (int i = 0; i < 2; ++i) {
      finish([&](Completion done) { inbox.consumer().acknowledge(twice, std::move(done)); });
    }
  }
  Inbox again(link, queue(), "readers");
  again.consumer().request(10);
  EXPECT_EQ(again.await(1).size(), 1u);
  std::this_thread::sleep_for(options().quiet);
  EXPECT_EQ(again.size(), 1u);
  close(*producer);
}

TEST_F(Seam, NamespacesAreMadeOnceOrUnsupported) {
  const driver::NamespaceConfig wanted{.tenant = "tg",
                                       .space = "conformance-" + std::to_string(std::random_device{}()),
                                       .deduplication = true};
  if (!features().has(Feature::namespaces)) {
    EXPECT_TRUE(fails_with(ErrorCode::unsupported, [&] { bus().create_namespace(wanted); }));
    return;
  }
  EXPECT_FALSE(bus().create_namespace(wanted).changes.empty());
  const auto again = bus().create_namespace(wanted);
  EXPECT_TRUE(again.changes.empty() && again.kept.empty());
  const auto where = topic("made", Qos::at_least_once, wanted.tenant, wanted.space);
  auto inbox = consumer(where);
  producer(where).send(item(1));
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(Seam, FeaturesSayHowWhereTheyAreNotNative) {
  Link link(harness().url());
  const auto& declared = link.backend().features();
  for (std::size_t i = 0; i < driver::feature_count; ++i) {
    const auto feature = static_cast<Feature>(i);
    if (declared[feature].support == Support::native) continue;
    EXPECT_FALSE(declared[feature].note.empty())
        << to_string(feature) << " is " << to_string(declared[feature].support) << " and does not say how";
  }
  EXPECT_GT(declared.max_message_size, 0u);
}

}  // namespace
}  // namespace omnibus::conformance
