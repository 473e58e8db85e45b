#pragma once

/// The actions of `omnibus store`. Each returns the exit status; see commands.hpp.

#include <optional>
#include <string>

namespace omnibus::app {

struct StoreRequest {
  std::string path;
  std::optional<std::string> queue = std::nullopt;
  std::optional<std::string> subscription = std::nullopt;
  bool json = false;
};

int list_store(const StoreRequest& request);
int check_store(const StoreRequest& request);

}  // namespace omnibus::app
