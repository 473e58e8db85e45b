#pragma once

/// The actions of `omnibus store`. Each returns the exit status; see commands.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omnibus::app {

struct StoreRequest {
  std::string path;
  std::optional<std::string> queue = std::nullopt;
  std::optional<std::string> subscription = std::nullopt;
  bool json = false;
};

int list_store(const StoreRequest& request);
int check_store(const StoreRequest& request);
int export_store(const StoreRequest& request);
int compact_store(const StoreRequest& request);

/// "1 message", "2 messages"
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// Ends the action with the status for damage, or with exit_ok when there is none. Errors: corrupt.
int verdict_on(const std::string& path, std::size_t places, const std::string& lost, const std::string& hint);

}  // namespace omnibus::app
