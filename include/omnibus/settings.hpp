#pragma once

/// Command line and environment of every program. Threads: parse before starting any (the environment is
/// read); a parsed Settings is a plain value.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>
#include <omnibus/log.hpp>
#include <omnibus/options.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// A program's own flags. One named like a common one replaces it; one that is added twice stays as it was.
class Flags {
 public:
  /// Shape: `name` without dashes ("chunk-size"), `env` empty for none; `shorthand` one letter or '\0'.
  Flags& text(std::string name, std::string help, std::optional<std::string> otherwise = std::nullopt,
              std::string env = {}, char shorthand = '\0');
  Flags& integer(std::string name, std::string help, std::int64_t otherwise, std::string env = {},
                 char shorthand = '\0');
  Flags& number(std::string name, std::string help, double otherwise, std::string env = {},
                char shorthand = '\0');
  /// A time with unit: "250ms", "10s", "1h30m"; a bare number counts seconds.
  Flags& duration(std::string name, std::string help, std::string otherwise, std::string env = {},
                  char shorthand = '\0');
  /// A number of bytes with unit: "64KiB", "256MiB", "1GB"; a bare number counts bytes.
  Flags& size(std::string name, std::string help, std::string otherwise, std::string env = {},
              char shorthand = '\0');
  /// A TCP port, 0 to 65535.
  Flags& port(std::string name, std::string help, std::uint16_t otherwise, std::string env = {},
              char shorthand = '\0');
  /// One of `choices`, whatever the letter case; the value reads as written here.
  Flags& choice(std::string name, std::string help, std::vector<std::string> choices, std::string otherwise,
                std::string env = {}, char shorthand = '\0');
  /// `--name`, and `--no-name` when it is on by default.
  Flags& flag(std::string name, std::string help, bool otherwise = false);
  /// May be given several times.
  Flags& list(std::string name, std::string help);
  /// Positional argument.
  Flags& positional(std::string name, std::string help, bool required = true, bool many = false);
  /// Marks the flag added last as secret: its value never shows in help or errors.
  Flags& secret();

  struct Definition {
    enum class Kind : std::uint8_t {
      text,
      integer,
      number,
      duration,
      size,
      port,
      choice,
      flag,
      list,
      positional
    };
    Kind kind;
    std::string name, help, env;
    char shorthand = '\0';
    std::optional<std::string> otherwise;
    bool required = false, many = false, hidden = false;
    std::vector<std::string> choices = {};
  };
  const std::vector<Definition>& definitions() const noexcept { return definitions_; }

 private:
  Flags& add(Definition definition);

  std::vector<Definition> definitions_;
};

/// What a program was asked on its command line and by its environment: the spec's flags and variables on
/// every program, `--pubsub-url` (PUBSUB_URL) above them, and the program's own. A flag wins over a variable;
/// an empty variable counts as unset. Limits: values are checked by parse, so that readers need not.
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

  /// The readers below take a flag's name without dashes. Errors: Error{internal} when the program has no
  /// such flag, or another kind of flag under the name.
  std::string text(std::string_view flag) const;
  /// Empty when neither flag, variable nor default is there.
  std::optional<std::string> maybe(std::string_view flag) const;
  std::int64_t integer(std::string_view flag) const;
  double number(std::string_view flag) const;
  Duration duration(std::string_view flag) const;
  std::size_t size(std::string_view flag) const;
  std::uint16_t port(std::string_view flag) const;
  bool flag(std::string_view flag) const;
  /// Also the values of a positional argument.
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
  /// The short form for examples: sets up the log; prints help, version or the error itself and exits.
  static Settings from(int argc, char** argv, const Flags& own = {});

  /// Makes the log use the id and level asked for.
  void apply_log() const;

  /// Not a failure: the program prints `text` and ends with `status`.
  struct Exit {
    std::string text;
    int status = 0;
  };

  std::map<std::string, std::vector<std::string>, std::less<>> values;
};

/// The spec's get_pubsub: connects to `settings.pubsub_url`. Errors: as connect(url); one that means "no
/// broker there" carries the hint that `embedded` needs none and the URL of an `omnibus up` running here.
Bus connect(const Settings& settings);

/// "250ms", "10s", "1h30m", "0.5s"; a bare number counts seconds. Empty when malformed, negative or too long.
std::optional<Duration> parse_duration(std::string_view text);

/// "512", "64KiB", "256MiB", "1GB"; a bare number counts bytes. Empty when malformed or too large.
std::optional<std::size_t> parse_size(std::string_view text);

/// `url` without what may be secret: user part and query values become "***". For logs and errors.
std::string redacted(std::string_view url);

/// Where programs keep what outlives them: $XDG_STATE_HOME/omnibus, else ~/.local/state/omnibus. An
/// `omnibus up` running here writes its URL to the file "url" in it.
std::string state_directory();

}  // namespace omnibus
OMNIBUS_EXPORT_END
