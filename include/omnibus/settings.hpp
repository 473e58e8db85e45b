#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/log.hpp>
#include <omnibus/options.hpp>

namespace omnibus {

/// A program's own flags, added to those that every program has.
class Flags {
 public:
  /// Shape: `name` without dashes ("chunk-size"), `env` empty for none; `shorthand` one letter or '\0'.
  Flags& text(std::string name, std::string help, std::optional<std::string> otherwise = std::nullopt,
              std::string env = {}, char shorthand = '\0');
  Flags& integer(std::string name, std::string help, std::int64_t otherwise, std::string env = {},
                 char shorthand = '\0');
  Flags& number(std::string name, std::string help, double otherwise, std::string env = {},
                char shorthand = '\0');
  /// `--name`, and `--no-name` when it is on by default.
  Flags& flag(std::string name, std::string help, bool otherwise = false);
  /// May be given several times.
  Flags& list(std::string name, std::string help);
  /// Positional argument.
  Flags& positional(std::string name, std::string help, bool required = true, bool many = false);

  struct Definition {
    enum class Kind : std::uint8_t { text, integer, number, flag, list, positional };
    Kind kind;
    std::string name, help, env;
    char shorthand = '\0';
    std::optional<std::string> otherwise;
    bool required = false, many = false;
  };
  const std::vector<Definition>& definitions() const noexcept { return definitions_; }

 private:
  std::vector<Definition> definitions_;
};

/// What a program was asked on its command line and by its environment: the spec's flags and variables on
/// every program, `--pubsub-url` (PUBSUB_URL) above them, and the program's own. A flag wins over a variable.
struct Settings {
  std::string program;
  std::string id;          ///< --id
  std::string pubsub_url;  ///< resolved from --pubsub-url or --pubsub-backend and its flags
  BusOptions bus;          ///< --json-nulls, --instance, --max-buffered …
  std::string config_push_queue = "q2/tg/config/config";
  log::Level log_level = log::Level::info;
  bool metrics = true;
  std::uint16_t metrics_port = 8000;
  Duration shutdown_timeout = std::chrono::seconds(10);

  std::string text(std::string_view flag) const;
  /// Empty when neither flag, variable nor default is there.
  std::optional<std::string> maybe(std::string_view flag) const;
  std::int64_t integer(std::string_view flag) const;
  double number(std::string_view flag) const;
  bool flag(std::string_view flag) const;
  std::vector<std::string> list(std::string_view flag) const;

  /// Which of the common flags a program offers.
  enum class Common : std::uint8_t { none, bus, processor };
  struct About {
    std::string program;  ///< as typed, for example "omnibus chunker-recursive"
    std::string summary;  ///< one line for --help
    std::string id;       ///< default of --id
    Common common = Common::processor;
    std::string default_url = {};  ///< when neither URL nor backend is given; empty: pulsar as in the spec
    std::string epilogue = {};     ///< examples and exit status, printed below the options
  };
  /// Errors: ConfigError with the flag and what it takes. `--help` and `--version` throw Exit with the text
  /// to print.
  static Settings parse(const About& about, const std::vector<std::string>& arguments, const Flags& own = {});
  /// The short form for examples: prints help, version or the error itself and exits.
  static Settings from(int argc, char** argv, const Flags& own = {});

  /// Not a failure: the program prints `text` and ends with `status`.
  struct Exit {
    std::string text;
    int status = 0;
  };

  std::map<std::string, std::vector<std::string>, std::less<>> values;
};

/// The spec's get_pubsub.
Bus connect(const Settings& settings);

}  // namespace omnibus
