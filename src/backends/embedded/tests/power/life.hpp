#pragma once

/// Engines at work on one store until the power is cut, and what they find afterwards.

#include <atomic>
#include <semaphore>
#include <thread>

#include "backends/embedded/tests/power/disk.hpp"
#include "backends/embedded/tests/power/ledger.hpp"
#include "backends/embedded/tests/small_store.hpp"
#include "backends/embedded/transaction.hpp"

namespace omnibus::embedded::test {

/// Lines that no power cut excuses: lost sequences, unreadable messages.
class Complaints {
 public:
  void add(const std::string& line);
  /// For LogOptions::report: what nobody had synced yet may be damaged.
  std::function<void(const std::string&)> about_damage();
  std::vector<std::string> take();

 private:
  std::mutex mutex_;  // guards lines_
  std::vector<std::string> lines_;
};

/// The ledgers of a store: "work" is sent, acknowledged and given back; "in" is moved on to "left" and
/// "right" in transactions.
struct Ledgers {
  Ledger work, in;
  Id last = 0;  ///< sent so far
};

/// Sends, acknowledges, gives back and transacts on two openings until it is told to stop or has sent
/// `count`.
class Life {
 public:
  Life(const std::filesystem::path& path, const std::string& durability, std::uint64_t seed, Ledgers& ledgers,
       Complaints& complaints);
  /// Returns when all is done, or the disk is cut.
  void run(const Disk& disk, std::size_t count);

 private:
  static constexpr std::ptrdiff_t window = 32;

  void send(driver::Producer& producer, Ledger& ledger);
  void consume(const std::stop_token& stop, std::uint64_t seed);
  void relay(const std::stop_token& stop, std::uint64_t seed);
  void move_on(driver::Consumer& consumer, const driver::Delivery& delivery, bool commit);

  Ledgers& ledgers_;
  Complaints& complaints_;
  std::mt19937_64 random_;
  std::counting_semaphore<window> free_{window};
  SmallStore sending_, working_;
};

/// What a store holds after a cut.
struct Found {
  Ids work, in, left, right;
  std::uint64_t altered = 0;       ///< bodies that are not what was sent
  std::uint64_t repeated = 0;      ///< ids that lie in their queue twice
  std::uint64_t resent_twice = 0;  ///< sends repeated with their sequence that were stored a second time
};
/// Reads all that waits; then repeats the sends of `work`, as a sender does that knows of no confirmation.
/// Promises up to `synced` hold.
Found look_into(const std::filesystem::path& path, const Promises& work, TimePoint synced,
                Complaints& complaints);

}  // namespace omnibus::embedded::test
