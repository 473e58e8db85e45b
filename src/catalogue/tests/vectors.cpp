#include "catalogue/tests/vectors.hpp"

#include <fstream>
#include <stdexcept>

#include <omnibus/base64.hpp>

namespace omnibus::catalogue::test {

std::vector<Json> load(const std::string& file) {
  std::ifstream in(std::string(OMNIBUS_TEST_DATA) + "/vectors/" + file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::vector<Json> cases;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) cases.push_back(Json::parse(line));
  }
  return cases;
}

Json parse(std::string text) {
  const auto replace = [&text](std::string_view word, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += with.size()) {
      const char before = at == 0 ? ' ' : text[at - 1];
      if (before == '[' || before == ',' || before == ':' || before == ' ')
        text.replace(at, word.size(), with);
    }
  };
  replace("-Infinity", "\"-inf\"");
  replace("Infinity", "\"inf\"");
  replace("NaN", "\"nan\"");
  return Json::parse(text);
}

Json plain(const Json& recorded) {
  if (recorded.is_object() && recorded.size() == 1) {
    const std::string key = recorded.begin().key();
    if (key == "$bytes") return base64::decode(recorded.begin()->get<std::string>()).value();
    if (key == "$float") return *recorded.begin();
  }
  Json made = recorded;
  if (made.is_structured()) {
    for (auto& item : made) item = plain(item);
  }
  return made;
}

Json normalise(const Json& value, const schema::Type& type, Nulls nulls, bool& changed) {
  if (type.kind == schema::Kind::optional) {
    return value.is_null() ? value : normalise(value, *type.element(), nulls, changed);
  }
  Json made = value;
  if (type.kind == schema::Kind::structure && value.is_object()) {
    for (const schema::Field& field : type.fields) {
      const std::string name(field.name);
      const bool optional = field.type()->kind == schema::Kind::optional;
      const bool empty = !made.contains(name) || made[name].is_null();
      if (optional && empty) {
        if (nulls == Nulls::omit) made.erase(name);
      } else if (empty) {
        changed = true;
        made[name] = Json::parse(field.default_json());
      } else {
        made[name] = normalise(made[name], *field.type(), nulls, changed);
      }
    }
  } else if (type.element != nullptr) {
    for (auto& item : made) item = normalise(item, *type.element(), nulls, changed);
  }
  return made;
}

}  // namespace omnibus::catalogue::test
