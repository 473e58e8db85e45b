#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <omnibus/error.hpp>
#include <omnibus/settings.hpp>

#include "backends/registry.hpp"

namespace omnibus {

namespace {

/// The URL of an `omnibus up` that runs here, as it wrote it; empty when none did.
std::string running_up() {
  std::ifstream file(state_directory() + "/url");
  std::string url;
  std::getline(file, url);
  return url.find("://") != std::string::npos ? url : "";
}

std::string hint_for(const std::string& url) {
  std::string hint = "--pubsub-url embedded:///DIRECTORY needs no broker";
  if (const auto up = running_up(); !up.empty() && up != url) {
    hint += "; an omnibus up runs here: --pubsub-url " + up;
  }
  return hint;
}

/// What is in it may be private: messages, the configuration, a URL with a password.
void make_state_directory() {
  const std::filesystem::path directory(state_directory());
  std::error_code failed;  // whoever needs it says so
  std::filesystem::create_directories(directory.parent_path(), failed);
  ::mkdir(directory.c_str(), S_IRWXU);
}

bool built(std::string_view url) {
  const auto scheme = url.substr(0, url.find("://"));
  for (const auto& entry : backends::known()) {
    if (entry.scheme == scheme) return entry.open != nullptr;
  }
  return true;
}

}  // namespace

Bus connect(const Settings& settings) {
  make_state_directory();
  try {
    return connect(settings.pubsub_url, settings.bus);
  } catch (const Error& error) {
    const bool no_broker = error.code() == ErrorCode::unavailable || !built(settings.pubsub_url);
    if (!no_broker || settings.pubsub_url.starts_with("embedded:")) throw;
    const auto hint = (error.hint().empty() ? "" : error.hint() + "; ") + hint_for(settings.pubsub_url);
    Error(error.code(), error.message(), {error.retryable(), error.backend(), error.native(), hint}).raise();
  }
}

}  // namespace omnibus
