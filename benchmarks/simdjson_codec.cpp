#include <simdjson.h>

#include "codecs.hpp"

namespace omnibus::benchmark {

namespace {

using simdjson::ondemand::object;

void take(simdjson::simdjson_result<simdjson::ondemand::value> from, std::string& to) {
  to = std::string_view(from.get_string());
}

// On demand, keys in order: its fastest way.
void read(object from, Chat& to) {
  take(from.find_field("system"), to.system);
  take(from.find_field("prompt"), to.prompt);
  to.streaming = from.find_field("streaming").get_bool();
}
void read(object from, Node& to) {
  take(from.find_field("value"), to.value);
  to.is_uri = from.find_field("is_uri").get_bool();
  take(from.find_field("type"), to.type);
}
void read(object from, Facts& to) {
  take(from.find_field("id"), to.id);
  take(from.find_field("user"), to.user);
  take(from.find_field("collection"), to.collection);
  for (object item : from.find_field("triples").get_array()) {
    Fact& fact = to.triples.emplace_back();
    read(item.find_field("s").get_object(), fact.s);
    read(item.find_field("p").get_object(), fact.p);
    read(item.find_field("o").get_object(), fact.o);
  }
}
void read(object from, Embedding& to) {
  take(from.find_field("id"), to.id);
  for (const double item : from.find_field("vector").get_array()) to.vector.push_back(item);
}
void read(object from, Document& to) {
  take(from.find_field("id"), to.id);
  take(from.find_field("title"), to.title);
  take(from.find_field("data"), to.data);
}

}  // namespace

template <class T>
void Simdjson::decode(const std::string& text, T& value) {
  static thread_local simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(text);  // what arrives from a broker has no padding
  auto document = parser.iterate(padded);
  T fresh;
  read(document.get_object(), fresh);
  value = std::move(fresh);
}

template void Simdjson::decode(const std::string&, Chat&);
template void Simdjson::decode(const std::string&, Facts&);
template void Simdjson::decode(const std::string&, Embedding&);
template void Simdjson::decode(const std::string&, Document&);

}  // namespace omnibus::benchmark
