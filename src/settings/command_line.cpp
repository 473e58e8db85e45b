#include <CLI/CLI.hpp>
#include <cstdlib>
#include <omnibus/version.hpp>
#include <span>

#include <omnibus/detail/nearest.hpp>

#include "settings/parsing.hpp"

namespace omnibus::settings {

namespace {

using Kind = Definition::Kind;

bool negatable(const Definition& definition) { return definition.otherwise == "true"; }

CLI::Option* declare(CLI::App& app, const Definition& definition) {
  std::string name = "--" + definition.name;
  if (definition.shorthand != '\0') name = std::string{'-', definition.shorthand} + "," + name;
  CLI::Option* option = nullptr;
  if (definition.kind == Kind::flag) {
    if (negatable(definition)) name += ",!--no-" + definition.name;
    option = app.add_flag(name);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  } else {
    option = app.add_option(name);
    option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  return option;
}

std::vector<std::string> flag_names(const std::vector<Group>& groups) {
  std::vector<std::string> names = {"--help", "--version"};
  for (const auto& group : groups) {
    for (const auto& definition : group.definitions) {
      if (definition.kind == Kind::positional) continue;
      names.push_back("--" + definition.name);
      if (negatable(definition)) names.push_back("--no-" + definition.name);
    }
  }
  return names;
}

[[noreturn]] void unknown_flag(const Settings::About& about, const std::vector<Group>& groups,
                               const std::string& argument) {
  const auto name = argument.substr(0, argument.find('='));
  const auto near = detail::nearest(name, flag_names(groups));
  throw ConfigError("unknown flag " + name,
                    !near.empty() ? "did you mean " + near + "?" : "see " + about.program + " --help");
}

/// Deals out what is no flag to the positional arguments.
void assign_positionals(const Settings::About& about, const std::vector<Group>& groups,
                        std::span<const std::string> words, GivenMap& given) {
  for (const auto& group : groups) {
    for (const auto& definition : group.definitions) {
      if (definition.kind != Kind::positional) continue;
      const auto count = definition.many ? words.size() : std::min<std::size_t>(1, words.size());
      if (count == 0) {
        if (!definition.required) continue;
        throw ConfigError("missing argument " + definition.name + ": " + definition.help,
                          "see " + about.program + " --help");
      }
      given[definition.name] = {Source::flag, {words.begin(), words.begin() + static_cast<long>(count)}};
      words = words.subspan(count);
    }
  }
  if (!words.empty()) {
    throw ConfigError("unexpected argument '" + words.front() + "'", "see " + about.program + " --help");
  }
}

void read_option(const CLI::Option& option, const Definition& definition, GivenMap& given) {
  if (option.count() > 0) {
    auto values = option.results();
    if (definition.kind != Kind::list) values = {values.back()};
    given[definition.name] = {Source::flag, std::move(values)};
    return;
  }
  if (!definition.env.empty()) {
    const char* variable = std::getenv(definition.env.c_str());
    if (variable != nullptr && *variable != '\0') {
      given[definition.name] = {Source::variable, {variable}};
      return;
    }
  }
  if (definition.otherwise) given[definition.name] = {Source::otherwise, {*definition.otherwise}};
}

/// The arguments as CLI11 takes them: last first. It would give "--name=" the next argument as its value.
std::vector<std::string> for_parser(std::span<const std::string> arguments) {
  std::vector<std::string> result;
  for (const auto& argument : arguments) {
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      result.insert(result.end(), {argument.substr(0, argument.size() - 1), ""});
    } else {
      result.push_back(argument);
    }
  }
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace

GivenMap read(const Settings::About& about, const std::vector<Group>& groups,
              const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const auto* help = app.add_flag("-h,--help");
  const auto* version = app.add_flag("--version");
  std::vector<std::pair<const CLI::Option*, const Definition*>> options;
  for (const auto& group : groups) {
    for (const auto& definition : group.definitions) {
      if (definition.kind != Kind::positional) options.emplace_back(declare(app, definition), &definition);
    }
  }
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  try {
    app.parse(for_parser({arguments.begin(), dashes}));
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what(), "see " + about.program + " --help");
  }
  if (help->count() > 0) throw Settings::Exit{help_text(about, groups)};
  if (version->count() > 0) throw Settings::Exit{about.program + " " OMNIBUS_VERSION "\n"};

  GivenMap given;
  for (const auto& [option, definition] : options) read_option(*option, *definition, given);
  auto words = app.remaining();
  for (const auto& word : words) {
    if (word.size() > 1 && word.front() == '-') unknown_flag(about, groups, word);
  }
  if (dashes != arguments.end()) words.insert(words.end(), dashes + 1, arguments.end());
  assign_positionals(about, groups, words, given);
  return given;
}

}  // namespace omnibus::settings
