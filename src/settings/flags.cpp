#include <omnibus/settings.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace omnibus {

using Kind = Flags::Definition::Kind;

namespace {

std::string shortest(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::string(text.data(), end) : std::to_string(value);
}

}  // namespace

Flags& Flags::add(Definition definition) {
  const auto same = std::find_if(definitions_.begin(), definitions_.end(),
                                 [&](const Definition& other) { return other.name == definition.name; });
  if (same == definitions_.end()) {
    definitions_.push_back(std::move(definition));
  } else {
    std::rotate(same, same + 1, definitions_.end());  // secret() means the last one
  }
  return *this;
}

Flags& Flags::text(std::string name, std::string help, std::optional<std::string> otherwise, std::string env,
                   char shorthand) {
  return add({Kind::text, std::move(name), std::move(help), std::move(env), shorthand, std::move(otherwise)});
}

Flags& Flags::integer(std::string name, std::string help, std::int64_t otherwise, std::string env,
                      char shorthand) {
  return add({Kind::integer, std::move(name), std::move(help), std::move(env), shorthand,
              std::to_string(otherwise)});
}

Flags& Flags::number(std::string name, std::string help, double otherwise, std::string env, char shorthand) {
  return add(
      {Kind::number, std::move(name), std::move(help), std::move(env), shorthand, shortest(otherwise)});
}

Flags& Flags::duration(std::string name, std::string help, std::string otherwise, std::string env,
                       char shorthand) {
  return add(
      {Kind::duration, std::move(name), std::move(help), std::move(env), shorthand, std::move(otherwise)});
}

Flags& Flags::size(std::string name, std::string help, std::string otherwise, std::string env,
                   char shorthand) {
  return add({Kind::size, std::move(name), std::move(help), std::move(env), shorthand, std::move(otherwise)});
}

Flags& Flags::port(std::string name, std::string help, std::uint16_t otherwise, std::string env,
                   char shorthand) {
  return add(
      {Kind::port, std::move(name), std::move(help), std::move(env), shorthand, std::to_string(otherwise)});
}

Flags& Flags::choice(std::string name, std::string help, std::vector<std::string> choices,
                     std::string otherwise, std::string env, char shorthand) {
  Definition definition{Kind::choice,   std::move(name), std::move(help),
                        std::move(env), shorthand,       std::move(otherwise)};
  definition.choices = std::move(choices);
  return add(std::move(definition));
}

Flags& Flags::flag(std::string name, std::string help, bool otherwise) {
  return add({Kind::flag, std::move(name), std::move(help), {}, '\0', otherwise ? "true" : "false"});
}

Flags& Flags::list(std::string name, std::string help) {
  Definition definition{Kind::list, std::move(name), std::move(help), {}, '\0', std::nullopt};
  definition.many = true;
  return add(std::move(definition));
}

Flags& Flags::positional(std::string name, std::string help, bool required, bool many) {
  Definition definition{Kind::positional, std::move(name), std::move(help), {}, '\0', std::nullopt};
  definition.required = required;
  definition.many = many;
  return add(std::move(definition));
}

Flags& Flags::secret() {
  if (!definitions_.empty()) definitions_.back().hidden = true;
  return *this;
}

}  // namespace omnibus
