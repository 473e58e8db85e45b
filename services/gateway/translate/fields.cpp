#include "services/gateway/translate/fields.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::string:
      return "text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
    default:
      return "a number";
  }
}

namespace {

[[noreturn]] void mismatch(const std::string& path, std::string_view wanted, const json::value& value) {
  throw TranslationError((path.empty() ? "request" : path) + ": expected " + std::string(wanted) + ", got " +
                         std::string(kind_name(value)));
}

}  // namespace

Fields::Fields(const json::value& value, std::string path)
    : object_(object(value, path)), path_(std::move(path)) {}

const json::value* Fields::find(std::string_view key) const {
  const auto* value = object_.if_contains({key.data(), key.size()});
  return value != nullptr && !value->is_null() ? value : nullptr;
}

const json::value* Fields::raw(std::string_view key) const {
  return object_.if_contains({key.data(), key.size()});
}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Fields::missing(std::string_view key) { throw TranslationError("'" + std::string(key) + "'"); }

void Fields::take(const json::value& value, std::string& field, const std::string& path) {
  const auto* text = value.if_string();
  if (text == nullptr) mismatch(path, "text", value);
  field.assign(text->data(), text->size());
}

void Fields::take(const json::value& value, bool& field, const std::string& path) {
  const auto* given = value.if_bool();
  if (given == nullptr) mismatch(path, "true or false", value);
  field = *given;
}

void Fields::take(const json::value& value, std::int64_t& field, const std::string& path) {
  const auto* number = value.if_int64();
  if (number == nullptr) mismatch(path, "a whole number of 64 bits", value);
  field = *number;
}

void Fields::take(const json::value& value, double& field, const std::string& path) {
  if (!value.is_number()) mismatch(path, "a number", value);
  field = value.to_number<double>();
}

void Fields::take(const json::value& value, Bytes& field, const std::string& path) {
  take(value, field.str(), path);
}

const json::array& Fields::list(const json::value& value, const std::string& path) {
  const auto* items = value.if_array();
  if (items == nullptr) mismatch(path, "a list", value);
  return *items;
}

const json::object& Fields::object(const json::value& value, const std::string& path) {
  const auto* given = value.if_object();
  if (given == nullptr) mismatch(path, "an object", value);
  return *given;
}

}  // namespace omnibus::gateway
