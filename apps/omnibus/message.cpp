// omnibus message: the message types, their shape, and their text re-encoded.

#include <iostream>

#include <omnibus/catalogue/registry.hpp>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

std::string type_name(const schema::Type& type) {
  using schema::Kind;
  switch (type.kind) {
    case Kind::list:
    case Kind::dict:
    case Kind::optional:
      return std::string(to_string(type.kind)) + "<" + type_name(*type.element()) + ">";
    case Kind::structure:
    case Kind::enumeration:
      return std::string(type.name);
    default:
      return std::string(to_string(type.kind));
  }
}

int list_types() {
  for (const auto name : catalogue::names()) std::cout << name << '\n';
  std::cout << "raw\n";
  return exit_ok;
}

int show_type(const std::string& name) {
  const auto& type = find_type(name);
  std::cout << type.name << '\n';
  std::size_t widest = 0;
  for (const auto& field : type.fields) widest = std::max(widest, field.name.size());
  for (const auto& field : type.fields) {
    std::cout << "  " << field.name << std::string(widest + 2 - field.name.size(), ' ')
              << type_name(*field.type()) << " = " << field.default_json() << '\n';
  }
  return exit_ok;
}

int convert(const Settings& settings) {
  const auto& type = find_type(settings.text("type"));
  auto options = schema::JsonOptions{};
  options.nulls = settings.text("nulls") == "emit" ? Nulls::emit : Nulls::omit;
  options.reject_unknown = settings.flag("strict");
  int status = exit_ok;
  for (std::string line; std::cout && std::getline(std::cin, line);) {
    try {
      Value value(type);
      value.parse(line, options);
      std::cout << value.str(options) << '\n';
    } catch (const Error& error) {
      std::cout << json_error(error) << '\n';
      status = exit_failed;
    }
  }
  return status;
}

}  // namespace

int run_message(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("action", "types, show or convert")
      .positional("name", "show: the type", false)
      .text("type", "convert: the type of each line")
      .choice("nulls", "convert: write an empty optional as null (emit) or not at all (omit)",
              {"omit", "emit"}, "omit")
      .flag("strict", "convert: a key that the type does not have is an error");
  const auto settings = Settings::parse(
      {.program = "omnibus message",
       .summary = "Lists message types, shows one, or re-encodes JSON lines from standard input.",
       .id = "message",
       .common = Settings::Common::none,
       .epilogue = "Examples:\n  omnibus message types\n  omnibus message show TextDocument\n"
                   "  omnibus message convert --type Triple --nulls emit < lines.jsonl\n\n"
                   "convert prints one line per line read; a bad line becomes\n"
                   "  {\"error\":{\"code\":…,\"message\":…,\"path\":…,\"offset\":…}}\n\n" +
                   exit_status_help(
                       {.failed = "convert: at least one line was bad; any: the output cannot be written",
                        .unavailable = ""})},
      arguments, flags);
  const auto action = settings.text("action");
  const auto name = settings.maybe("name");
  if (name && action != "show")
    throw ConfigError("unexpected argument '" + *name + "'", "only show takes one");
  if (action == "types") return list_types();
  if (action == "show" && name) return show_type(*name);
  if (action == "show") throw ConfigError("message show needs a type", "omnibus message types lists them");
  if (action == "convert" && settings.maybe("type")) return convert(settings);
  if (action == "convert")
    throw ConfigError("message convert needs --type", "omnibus message types lists them");
  throw ConfigError("unknown action '" + action + "'", "types, show TYPE, or convert --type TYPE");
}

}  // namespace omnibus::app
