#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include <omnibus/options.hpp>

namespace omnibus::framework {

/// How long to wait after the nth failure in a row, n from 1.
inline Duration pause_after(const Backoff& backoff, int failures) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto grown = static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, failures - 1);
  const auto capped = std::min(grown, static_cast<double>(backoff.maximum.count()));
  std::uniform_real_distribution<double> spread(1 - backoff.jitter, 1 + backoff.jitter);
  return Duration(static_cast<Duration::rep>(capped * spread(random)));
}

}  // namespace omnibus::framework
