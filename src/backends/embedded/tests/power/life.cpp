#include "backends/embedded/tests/power/life.hpp"

#include <charconv>

namespace omnibus::embedded::test {
namespace {

/// Reports of what nobody had synced yet.
bool left_by_a_cut(const std::string& line) {
  for (const auto* part : {"cut a torn tail", "it lies behind a torn tail", "both headers are damaged",
                           "its sequences are in the segment before it", "the file ends at"}) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

Id id_of(const driver::Delivery& delivery) {
  const auto bytes = delivery.body.bytes();
  Id id = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), id);
  return id;
}

}  // namespace

void Complaints::add(const std::string& line) {
  const std::lock_guard lock(mutex_);
  lines_.push_back(line);
}

std::vector<std::string> Complaints::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

std::function<void(const std::string&)> Complaints::about_damage() {
  return [this](const std::string& line) {
    if (!left_by_a_cut(line)) add(line);
  };
}

Life::Life(const std::filesystem::path& path, const std::string& durability, std::uint64_t seed,
           Ledgers& ledgers, Complaints& complaints)
    : ledgers_(ledgers),
      complaints_(complaints),
      random_(seed),
      sending_({path, durability, complaints.about_damage()}),
      working_({path, durability, complaints.about_damage()}) {
  // Without a subscription they would be history, which retention may drop.
  for (const auto* name : {"work", "in", "left", "right"})
    working_.engine()->create_subscription(queue(name), SmallStore::subscription, Position::earliest);
}

void Life::run(const Disk& disk, std::size_t count) {
  std::jthread consuming([this, seed = random_()](const std::stop_token& stop) { consume(stop, seed); });
  std::jthread relaying([this, seed = random_()](const std::stop_token& stop) { relay(stop, seed); });
  const auto work = sending_.producer("work", "work");
  const auto in = sending_.producer("in", "in");
  for (std::size_t sent = 0; sent < count && !disk.is_cut(); ++sent) {
    const bool to_work = random_() % 4 != 0;
    send(to_work ? *work : *in, to_work ? ledgers_.work : ledgers_.in);
  }
  for (std::ptrdiff_t at = 0; at < window; ++at) free_.acquire();
}

void Life::send(driver::Producer& producer, Ledger& ledger) {
  free_.acquire();
  const auto id = ++ledgers_.last;
  ledger.sent(id);
  auto message = std::make_shared<driver::Outgoing>();
  message->payload = body_of(id);
  message->sequence = id;
  driver::SendRequest request{message.get(), [this, id, &ledger, message](const Error* error) {
                                if (error == nullptr)
                                  ledger.confirmed(id);
                                else
                                  complaints_.add(error->what());
                                free_.release();
                              }};
  producer.send({&request, 1});
}

void Life::consume(const std::stop_token& stop, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  CollectingSink sink;
  const auto consumer = working_.consumer("work", sink);
  consumer->request(1'000'000);
  while (!stop.stop_requested()) {
    sink.wait_for(1, std::chrono::milliseconds(1));
    for (const auto& delivery : sink.take()) {
      const auto id = id_of(delivery);
      const auto what = random() % 10;
      const auto failed = [this](const Error* error) {
        if (error != nullptr) complaints_.add(error->what());
      };
      if (what < 6) {
        ledgers_.work.settling(id);
        consumer->acknowledge({&delivery.ack, 1}, [this, id, failed](const Error* error) {
          failed(error);
          if (error == nullptr) ledgers_.work.settled(id);
        });
      } else if (what == 6) {
        consumer->negative_acknowledge({&delivery.ack, 1}, Duration::zero(), failed);
      }
    }
  }
}

void Life::relay(const std::stop_token& stop, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  CollectingSink sink;
  const auto consumer = working_.consumer("in", sink);
  consumer->request(1'000'000);
  while (!stop.stop_requested()) {
    sink.wait_for(1, std::chrono::milliseconds(1));
    for (const auto& delivery : sink.take()) move_on(*consumer, delivery, random() % 5 != 0);
  }
}

void Life::move_on(driver::Consumer& consumer, const driver::Delivery& delivery, bool commit) {
  const auto id = id_of(delivery);
  const auto failed = [this](const Error* error) {
    if (error != nullptr) complaints_.add(error->what());
  };
  TransactionHandle transaction(working_.engine());
  driver::Outgoing output;
  output.payload = body_of(id);
  transaction.send(queue("left"), output, failed);
  transaction.send(queue("right"), output, failed);
  transaction.acknowledge(consumer, {&delivery.ack, 1}, failed);
  if (!commit) return transaction.abort(failed);
  ledgers_.in.settling(id);
  transaction.commit([this, id, failed](const Error* error) {
    failed(error);
    if (error == nullptr) ledgers_.in.settled(id);
  });
}

namespace {

/// Takes what waits in a queue; the ids that came.
Ids take_all(SmallStore& store, const char* name, CollectingSink& sink, Found& found) {
  const auto expected = store.backlog(name);
  if (!sink.wait_for(expected))
    ADD_FAILURE() << "only " << sink.size() << " of " << expected << " in " << name;
  Ids ids;
  for (const auto& delivery : sink.take()) {
    const auto id = id_of(delivery);
    if (!ids.insert(id).second) ++found.repeated;
    if (delivery.body.bytes() != body_of(id)) ++found.altered;
  }
  return ids;
}

Ids read(SmallStore& store, const char* name, Found& found) {
  CollectingSink sink;
  const auto consumer = store.consumer(name, sink);
  consumer->request(1'000'000);
  return take_all(store, name, sink, found);
}

}  // namespace

Found look_into(const std::filesystem::path& path, const Promises& work, TimePoint synced,
                Complaints& complaints) {
  Found found;
  SmallStore store({path, "process", complaints.about_damage()});
  for (const auto& [name, ids] : {std::pair{"in", &found.in}, {"left", &found.left}, {"right", &found.right}})
    *ids = read(store, name, found);
  found.work = read(store, "work", found);
  const auto producer = store.producer("work", "work");
  for (const auto& [id, promise] : work) {
    if (const auto error = send(*producer, body_of(id), id)) complaints.add(error->what());
  }
  for (const auto id : read(store, "work", found)) {
    const bool before_others = !found.work.empty() && id <= *found.work.rbegin();
    const auto promise = work.find(id);
    const bool settled =
        promise != work.end() && promise->second.settled && promise->second.settled_at <= synced;
    if (!found.work.contains(id) && (before_others || settled)) ++found.resent_twice;
  }
  return found;
}

}  // namespace omnibus::embedded::test
