#include <algorithm>

#include "settings/parsing.hpp"

namespace omnibus::settings {

namespace {

using Kind = Definition::Kind;
constexpr std::size_t width = 100;
constexpr std::size_t column = 34;

std::string placeholder(const Definition& definition) {
  switch (definition.kind) {
    case Kind::flag:
      return "";
    case Kind::integer:
    case Kind::number:
      return " N";
    case Kind::port:
      return " PORT";
    case Kind::duration:
      return " TIME";
    case Kind::size:
      return " SIZE";
    case Kind::choice: {
      std::string all;
      for (const auto& choice : definition.choices) all += (all.empty() ? "" : "|") + choice;
      return all.size() <= 24 ? " " + all : " NAME";
    }
    default:
      return " TEXT";
  }
}

std::string left(const Definition& definition) {
  if (definition.kind == Kind::positional) return definition.name + (definition.many ? " …" : "");
  std::string result = definition.shorthand != '\0' ? std::string{'-', definition.shorthand} + ", " : "    ";
  result += "--" + definition.name;
  if (definition.kind == Kind::flag && definition.otherwise == "true") {
    result += ", --no-" + definition.name;
  }
  return result + placeholder(definition);
}

std::string right(const Definition& definition) {
  std::string notes;
  const auto note = [&](const std::string& text) { notes += (notes.empty() ? "" : "; ") + text; };
  if (definition.kind == Kind::choice && placeholder(definition) == " NAME") {
    std::string all;
    for (const auto& choice : definition.choices) all += (all.empty() ? "" : ", ") + choice;
    note("one of " + all);
  }
  if (definition.kind == Kind::list) note("may be given several times");
  if (definition.kind == Kind::flag) {
    if (definition.otherwise == "true") note("on by default");
  } else if (definition.otherwise && !definition.otherwise->empty() && !definition.hidden) {
    note("default " + *definition.otherwise);
  }
  if (!definition.env.empty()) note("env " + definition.env);
  return notes.empty() ? definition.help : definition.help + " [" + notes + "]";
}

/// Columns that UTF-8 text takes; good enough for the characters our help uses.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// `text` wrapped, from the second line on indented to `column`.
std::string wrapped(std::string_view text) {
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (used > 0 && column + used + 1 + columns(word) > width) {
      result += '\n' + std::string(column, ' ');
      used = 0;
    }
    if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += columns(word);
  }
  return result;
}

std::string line(const std::string& name, const std::string& text) {
  std::string result = "  " + name;
  const auto used = columns(result);
  result += used + 2 <= column ? std::string(column - used, ' ') : "\n" + std::string(column, ' ');
  return result + wrapped(text) + '\n';
}

std::string usage(const Settings::About& about, const std::vector<Group>& groups) {
  std::string result = "Usage: " + about.program + " [flags]";
  for (const auto& group : groups) {
    for (const auto& definition : group.definitions) {
      if (definition.kind != Kind::positional) continue;
      const auto name = definition.name + (definition.many ? "…" : "");
      result += definition.required ? " " + name : " [" + name + "]";
    }
  }
  return result + "\n";
}

}  // namespace

std::string help_text(const Settings::About& about, const std::vector<Group>& groups) {
  std::string result = about.summary.empty() ? "" : about.summary + "\n\n";
  result += usage(about, groups);
  for (const auto& group : groups) {
    if (group.definitions.empty()) continue;
    result += "\n" + group.title + ":\n";
    for (const auto& definition : group.definitions) result += line(left(definition), right(definition));
  }
  result += "\nGeneral:\n";
  result += line("-h, --help", "print this and exit");
  result += line("    --version", "print the version and exit");
  if (!about.epilogue.empty()) {
    result += "\n" + about.epilogue;
    if (result.back() != '\n') result += '\n';
  }
  return result;
}

}  // namespace omnibus::settings
