#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <omnibus/time.hpp>

namespace omnibus::demo {

/// Expected chunks against those that arrived, told apart by document and content.
/// Threads: any.
class Tally {
 public:
  /// Before the document is loaded.
  void expect(const std::string& document, const std::vector<std::string>& chunks);
  void loaded(const std::string& document, TimePoint when);
  void arrived(const std::string& document, std::string_view chunk, TimePoint when);

  struct Report {
    std::size_t documents = 0;                                ///< loaded
    std::size_t expected = 0;                                 ///< chunks of all documents
    std::size_t arrived = 0;                                  ///< all that came, duplicates included
    std::size_t lost = 0;                                     ///< expected and not arrived
    std::size_t duplicated = 0;                               ///< arrived more often than expected
    std::size_t foreign = 0;                                  ///< no chunk of any of the documents
    Duration elapsed = Duration::zero();                      ///< first load to last arrival
    Duration p50 = Duration::zero(), p99 = Duration::zero();  ///< load to arrival, first arrivals only
  };
  Report report() const;
  /// Expected chunks that have not arrived yet.
  std::size_t missing() const;

 private:
  struct Expectation {
    std::unordered_map<std::string, std::int64_t> chunks;  ///< content → still missing; below 0: too many
    TimePoint loaded = TimePoint::max();
  };

  mutable std::mutex mutex_;  // guards everything below
  std::unordered_map<std::string, Expectation> documents_;
  std::vector<Duration> latencies_;
  std::size_t loaded_ = 0, expected_ = 0, arrived_ = 0, missing_ = 0, duplicated_ = 0, foreign_ = 0;
  TimePoint first_ = TimePoint::max(), last_ = TimePoint::min();
};

}  // namespace omnibus::demo
