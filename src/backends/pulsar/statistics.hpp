#pragma once

#include "backends/pulsar/session.hpp"

namespace omnibus::pulsar {

/// Asks the administration interface about a topic, for all its partitions together. Runs on the loop.
/// Errors: not_found, unavailable, authentication, forbidden.
void statistics(const std::shared_ptr<Session>& session, const std::string& topic,
                driver::Result<driver::QueueStatistics> done);

/// Whether a subscription exists, as far as the interface tells within two seconds; else it is taken to. Runs
/// on the loop.
void find_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                       const std::string& subscription, UniqueFunction<void(bool)> done);

/// Reads the two answers of the interface: `stats`, and `internal` (empty for non-persistent topics).
/// Errors: ProtocolError.
driver::QueueStatistics read_statistics(const std::string& stats, const std::string& internal,
                                        SystemTime now);

}  // namespace omnibus::pulsar
