#pragma once

#include <string>

namespace omnibus {

/// A message type with no codec: the payload's bytes as they are, on every backend.
struct Raw {
  std::string bytes;

  friend bool operator==(const Raw&, const Raw&) = default;
};

}  // namespace omnibus
