#include "services/gateway/translate/rules.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "services/gateway/json/body.hpp"
#include "services/gateway/translate/base64_text.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::gateway::rule {

namespace json = boost::json;

namespace {

/// As Python names the types of JSON.
std::string_view python_type(const json::value& value) {
  if (value.is_null()) return "NoneType";
  return value.is_array() ? "list" : "dict";
}

std::int64_t of_text(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(space), text.size());
  auto digits = text.substr(begin, text.find_last_not_of(space) + 1 - begin);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size()) return number;
  const auto shown = omnibus::json::python_text(json::array{json::string(text.data(), text.size())});
  throw TranslationError("invalid literal for int() with base 10: " + shown.substr(1, shown.size() - 2));
}

/// What Python's `int()` makes of it.
std::int64_t whole_number(const json::value& value, const std::string& path) {
  constexpr double limit = 9.2e18;
  if (const auto* number = value.if_int64()) return *number;
  if (const auto* truth = value.if_bool()) return *truth ? 1 : 0;
  if (const auto* text = value.if_string()) return of_text({text->data(), text->size()});
  const auto* number = value.if_double();
  if (number != nullptr && std::abs(*number) < limit) return static_cast<std::int64_t>(*number);
  if (value.is_number()) throw TranslationError(path + ": expected a whole number of 64 bits, got a number");
  throw TranslationError("int() argument must be a string, a bytes-like object or a real number, not '" +
                         std::string(python_type(value)) + "'");
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : omnibus::json::dump(value);
}

template <class Convert>
std::map<std::string, std::string> converted(const Fields& fields, std::string_view key,
                                             const json::value& value, Convert convert) {
  const auto* given = value.if_object();
  if (given == nullptr) {
    throw TranslationError(fields.path_of(key) + ": expected an object, got " +
                           std::string(kind_name(value)));
  }
  std::map<std::string, std::string> result;
  for (const auto& [name, item] : *given) result[std::string(name)] = convert(item);
  return result;
}

}  // namespace

void Number::read(const Fields& fields, std::string_view key, std::int64_t& member) const {
  const auto* value = fields.raw(key);
  member = value != nullptr ? whole_number(*value, fields.path_of(key)) : absent;
}

void Base64::read(const Fields& fields, std::string_view key, Bytes& member) const {
  must ? fields.require(key, member) : fields.read(key, member);
  member = normal_base64(std::move(member.str()), fields.path_of(key));
}

void Base64::read(const Fields& fields, std::string_view key, std::optional<Bytes>& member) const {
  if (must || fields.find(key) != nullptr) read(fields, key, member.emplace());
}

void JsonText::read(const Fields& fields, std::string_view key, std::optional<std::string>& member) const {
  if (const auto* value = fields.raw(key)) member = omnibus::json::dump(*value);
}

void Texts::read(const Fields& fields, std::string_view key,
                 std::map<std::string, std::string>& member) const {
  if (const auto* value = fields.find(key)) member = converted(fields, key, *value, text_of);
}

void OneOrMore::read(const Fields& fields, std::string_view key,
                     std::vector<std::map<std::string, std::string>>& member) const {
  const auto* value = fields.find(key);
  if (value == nullptr) Fields::missing(key);
  if (!value->is_array()) {
    member.push_back(converted(fields, key, *value, text_of));
    return;
  }
  for (const auto& item : value->get_array()) {
    member.push_back(converted(fields, key, item, text_of));
  }
}

void JsonTexts::read(const Fields& fields, std::string_view key,
                     std::map<std::string, std::string>& member) const {
  if (const auto* value = fields.find(key)) member = converted(fields, key, *value, omnibus::json::dump);
}

void PythonTexts::read(const Fields& fields, std::string_view key,
                       std::optional<std::map<std::string, std::string>>& member) const {
  if (const auto* value = fields.find(key))
    member = converted(fields, key, *value, omnibus::json::python_text);
}

void add(json::object& object, std::string_view key, json::value value) {
  object.emplace(json::string_view(key.data(), key.size()), std::move(value));
}

void Decoded::write(json::object& object, std::string_view key, const std::string& member) const {
  if (member.empty()) return;
  try {
    add(object, key, parse_body(member));
  } catch (const NotJson& error) {
    if (strict) throw TranslationError(error.reason());
    add(object, key, to_json(member));
  }
}

void Decoded::write(json::object& object, std::string_view key,
                    const std::optional<std::string>& member) const {
  write(object, key, member.value_or(""));
}

void DecodedOrText::write(json::object& object, std::string_view key, const std::string& member) const {
  if (member.empty()) return add(object, key, nullptr);
  Decoded{}.write(object, key, member);
}

}  // namespace omnibus::gateway::rule
