#pragma once

#include <cstdlib>
#include <omnibus/settings.hpp>
#include <string>
#include <vector>

namespace omnibus {

/// Starts every test without the variables that settings read, and removes what the test set.
class CleanEnvironment {
 public:
  CleanEnvironment() { clear(); }
  ~CleanEnvironment() { clear(); }
  void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

 private:
  static void clear() {
    for (const char* name :
         {"PUBSUB_BACKEND", "PUBSUB_URL", "PULSAR_HOST", "PULSAR_API_KEY", "PULSAR_LISTENER", "MQTT_HOST",
          "MQTT_PORT", "MQTT_USERNAME", "MQTT_PASSWORD", "PUBSUB_JSON_NULLS", "OWN_FLAG"}) {
      ::unsetenv(name);
    }
  }
};

inline Settings parsed(const std::vector<std::string>& arguments, const Flags& own = {},
                       Settings::Common common = Settings::Common::processor) {
  Settings::About about;
  about.program = "omnibus sample";
  about.summary = "Shows flags.";
  about.id = "sample";
  about.common = common;
  about.epilogue = "Exit status: 0 fine, 2 bad flag.";
  return Settings::parse(about, arguments, own);
}

/// The text of the ConfigError that parsing ends with.
inline std::string complaint(const std::vector<std::string>& arguments, const Flags& own = {}) {
  try {
    (void)parsed(arguments, own);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace omnibus
