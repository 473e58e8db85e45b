#pragma once

/// Reads and writes single fields of client JSON; keys.hpp declares what the fields of a message are.
/// Threads: pure functions.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <omnibus/bytes.hpp>

namespace omnibus::gateway {

/// A request that lacks a field or holds another type; the text goes to the client.
class TranslationError {
 public:
  explicit TranslationError(std::string message) : message_(std::move(message)) {}
  const std::string& message() const noexcept { return message_; }

 private:
  std::string message_;
};

/// The keys of a message, declared beside it with `keys_of` (keys.hpp); nothing for other types.
template <class Struct>
inline constexpr auto keys = nullptr;
template <class Struct>
concept Declared = !std::is_same_v<decltype(keys<Struct>), const std::nullptr_t>;

class Fields;
template <Declared Struct>
void read_keys(const Fields& fields, Struct& message);
template <Declared Struct>
boost::json::object write_keys(const Struct& message);

/// What the value is, for errors: "text", "a list" …
std::string_view kind_name(const boost::json::value& value);

/// One JSON object on its way in. Absent and null are the same.
class Fields {
 public:
  /// `path` names the object in errors; empty for the request itself.
  /// Errors: TranslationError when `value` is no object.
  explicit Fields(const boost::json::value& value, std::string path = {});
  explicit Fields(const boost::json::object& object) : object_(object) {}

  /// Leaves `field` as it is when the key is absent. Errors: TranslationError for another type.
  template <class Field>
  void read(std::string_view key, Field& field) const {
    if (const auto* value = find(key)) take(*value, field, path_of(key));
  }
  /// Errors: TranslationError "'key'" when it is absent, as existing clients know it.
  template <class Field>
  void require(std::string_view key, Field& field) const {
    const auto* value = find(key);
    if (value == nullptr) missing(key);
    take(*value, field, path_of(key));
  }
  /// Null when it is absent or null.
  const boost::json::value* find(std::string_view key) const;
  /// Null only when it is absent.
  const boost::json::value* raw(std::string_view key) const;
  std::string path_of(std::string_view key) const;

  /// Errors: TranslationError, always.
  [[noreturn]] static void missing(std::string_view key);

 private:
  static void take(const boost::json::value& value, std::string& field, const std::string& path);
  static void take(const boost::json::value& value, bool& field, const std::string& path);
  static void take(const boost::json::value& value, std::int64_t& field, const std::string& path);
  static void take(const boost::json::value& value, double& field, const std::string& path);
  static void take(const boost::json::value& value, Bytes& field, const std::string& path);
  static const boost::json::array& list(const boost::json::value& value, const std::string& path);
  static const boost::json::object& object(const boost::json::value& value, const std::string& path);

  template <class Field>
  static void take(const boost::json::value& value, std::optional<Field>& field, const std::string& path) {
    take(value, field.emplace(), path);
  }
  template <class Item>
  static void take(const boost::json::value& value, std::vector<Item>& field, const std::string& path) {
    field.clear();
    for (const auto& item : list(value, path)) {
      auto inner = path;
      inner.append("[").append(std::to_string(field.size())).append("]");
      take(item, field.emplace_back(), inner);
    }
  }
  template <class Item>
  static void take(const boost::json::value& value, std::map<std::string, Item>& field,
                   const std::string& path) {
    field.clear();
    for (const auto& [key, item] : object(value, path)) {
      const std::string name(key);
      auto inner = path;
      inner.append(1, '.').append(name);
      take(item, field[name], inner);
    }
  }
  template <Declared Struct>
  static void take(const boost::json::value& value, Struct& field, const std::string& path) {
    read_keys(Fields(value, path), field);
  }

  const boost::json::object& object_;
  std::string path_;
};

// NOLINTBEGIN(modernize-return-braced-init-list): braces would make an array
inline boost::json::value to_json(const std::string& text) { return boost::json::value(text); }
inline boost::json::value to_json(const Bytes& bytes) { return boost::json::value(bytes.str()); }
inline boost::json::value to_json(std::int64_t number) { return boost::json::value(number); }
inline boost::json::value to_json(double number) { return boost::json::value(number); }
inline boost::json::value to_json(bool truth) { return boost::json::value(truth); }
// NOLINTEND(modernize-return-braced-init-list)
template <Declared Struct>
boost::json::value to_json(const Struct& message) {
  return write_keys(message);
}
template <class Item>
boost::json::value to_json(const std::optional<Item>& item);
template <class Item>
boost::json::value to_json(const std::map<std::string, Item>& items);
template <class Item>
boost::json::value to_json(const std::vector<Item>& items) {
  boost::json::array result;
  result.reserve(items.size());
  for (const auto& item : items) result.push_back(to_json(item));
  return result;
}
template <class Item>
boost::json::value to_json(const std::optional<Item>& item) {
  return item ? to_json(*item) : boost::json::value(nullptr);
}
template <class Item>
boost::json::value to_json(const std::map<std::string, Item>& items) {
  boost::json::object result;
  for (const auto& [key, item] : items) result.emplace(key, to_json(item));
  return result;
}

}  // namespace omnibus::gateway
