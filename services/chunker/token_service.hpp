#pragma once

#include "services/chunker/service.hpp"

namespace omnibus::chunker {

/// ChunkerService that counts tokens of the encoding cl100k_base, whose vocabulary is the file
/// `--vocabulary`.
class TokenChunkerService : public ChunkerService {
 public:
  /// Errors: ConfigError when there is no vocabulary, or its file is malformed (naming the line).
  TokenChunkerService(Bus bus, const Settings& settings);

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

}  // namespace omnibus::chunker
