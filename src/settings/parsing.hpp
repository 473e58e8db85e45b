#pragma once

/// The steps of Settings::parse: which flags there are, what was given, what it means.

#include <map>
#include <omnibus/settings.hpp>
#include <string>
#include <vector>

namespace omnibus::settings {

using Definition = Flags::Definition;

/// Where a value came from; a later one beats an earlier one.
enum class Source : std::uint8_t { nowhere, otherwise, variable, flag };

struct Given {
  Source source = Source::nowhere;
  std::vector<std::string> values;

  /// Said by the user, not a default.
  bool told() const noexcept { return source >= Source::variable; }
  const std::string& value() const { return values.front(); }
};
using GivenMap = std::map<std::string, Given, std::less<>>;

/// Flags under one heading of --help.
struct Group {
  std::string title;
  std::vector<Definition> definitions;
};

/// The program's own flags first, then the common ones it offers.
std::vector<Group> all_groups(const Settings::About& about, const Flags& own);

/// What flags, variables and defaults give for every definition. Errors: ConfigError for an unknown flag, a
/// missing value, a missing or surplus argument. Throws Settings::Exit for --help and --version.
GivenMap read(const Settings::About& about, const std::vector<Group>& groups,
              const std::vector<std::string>& arguments);

/// "--name" for a flag, "NAME=" for a variable; what errors call it.
std::string called(const Definition& definition, Source source);

/// Brings a value into its canonical form. Errors: ConfigError naming the flag or variable and what it takes.
std::string checked(const Definition& definition, Source source, const std::string& value);

std::string help_text(const Settings::About& about, const std::vector<Group>& groups);

/// The backends a URL or --pubsub-backend can name.
const std::vector<std::string>& known_backends();

/// The URL that the connection flags and variables mean. Errors: ConfigError when they contradict each other.
std::string resolve_url(const Settings::About& about, const GivenMap& given);

}  // namespace omnibus::settings
