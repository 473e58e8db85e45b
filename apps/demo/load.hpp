#pragma once

#include <memory>
#include <string>

#include "apps/demo/documents.hpp"

namespace omnibus::demo {

/// Loads documents into a flow through the gateway. Threads: one caller.
class Loader {
 public:
  /// Shape: `gateway` like "http://localhost:8088". Errors: ConfigError; Error{unavailable}.
  Loader(const std::string& gateway, const std::string& flow);
  ~Loader();

  /// Returns when the gateway has accepted it. Waits while the gateway does not know the flow yet.
  /// Errors: Error{io} with the gateway's own words; Error{unavailable}.
  void load(const Document& document);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::demo
