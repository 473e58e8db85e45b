#pragma once

/// What a run of the suite was asked.

#include <cstddef>
#include <cstdint>
#include <string>

#include <omnibus/time.hpp>

namespace omnibus::conformance {

struct Options {
  std::string url = "embedded://";
  std::size_t messages = 100'000;             ///< of the load case
  std::size_t consumers = 10'000;             ///< of the idle consumers case
  std::size_t rounds = 3;                     ///< kills per case that kills at random
  std::size_t outages = 2;                    ///< times that the broker is killed under load
  std::size_t cuts = 1;                       ///< times that the connections are cut under load
  Duration freeze = std::chrono::seconds(3);  ///< how long the broker is frozen under load
  std::uint64_t seed = 0;
  Duration patience = std::chrono::seconds(20);        ///< longest wait for what must happen
  Duration quiet = std::chrono::milliseconds(150);     ///< how long nothing must happen
  Duration handler = std::chrono::milliseconds(1200);  ///< how long the long handler works
  std::string bad_credentials_url;                     ///< of a broker that must refuse it
  std::string bad_certificate_url;                     ///< of a broker whose certificate must not be trusted
  std::string broker_command;  ///< run with `stop` and `start` appended, for brokers that run outside
};

/// The run's options. Set once by main before the first case; read only afterwards.
Options& options();

}  // namespace omnibus::conformance
