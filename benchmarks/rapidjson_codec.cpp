#include <string_view>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "codecs.hpp"

namespace omnibus::benchmark {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void text(Writer& out, std::string_view key, const std::string& value) {
  out.Key(key.data(), static_cast<unsigned>(key.size()));
  out.String(value.data(), static_cast<unsigned>(value.size()));
}
void flag(Writer& out, std::string_view key, bool value) {
  out.Key(key.data(), static_cast<unsigned>(key.size()));
  out.Bool(value);
}

void write(Writer& out, const Chat& value) {
  out.StartObject();
  text(out, "system", value.system);
  text(out, "prompt", value.prompt);
  flag(out, "streaming", value.streaming);
  out.EndObject();
}
void write(Writer& out, const Node& value) {
  out.StartObject();
  text(out, "value", value.value);
  flag(out, "is_uri", value.is_uri);
  text(out, "type", value.type);
  out.EndObject();
}
void write(Writer& out, const Facts& value) {
  out.StartObject();
  text(out, "id", value.id);
  text(out, "user", value.user);
  text(out, "collection", value.collection);
  out.Key("triples");
  out.StartArray();
  for (const Fact& fact : value.triples) {
    out.StartObject();
    out.Key("s");
    write(out, fact.s);
    out.Key("p");
    write(out, fact.p);
    out.Key("o");
    write(out, fact.o);
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
}
void write(Writer& out, const Embedding& value) {
  out.StartObject();
  text(out, "id", value.id);
  out.Key("vector");
  out.StartArray();
  for (const double number : value.vector) out.Double(number);
  out.EndArray();
  out.EndObject();
}
void write(Writer& out, const Document& value) {
  out.StartObject();
  text(out, "id", value.id);
  text(out, "title", value.title);
  text(out, "data", value.data);
  out.EndObject();
}

void take(const rapidjson::Value& from, std::string& to) {
  to.assign(from.GetString(), from.GetStringLength());
}

void read(const rapidjson::Value& from, Chat& to) {
  take(from["system"], to.system);
  take(from["prompt"], to.prompt);
  to.streaming = from["streaming"].GetBool();
}
void read(const rapidjson::Value& from, Node& to) {
  take(from["value"], to.value);
  to.is_uri = from["is_uri"].GetBool();
  take(from["type"], to.type);
}
void read(const rapidjson::Value& from, Facts& to) {
  take(from["id"], to.id);
  take(from["user"], to.user);
  take(from["collection"], to.collection);
  for (const auto& item : from["triples"].GetArray()) {
    Fact& fact = to.triples.emplace_back();
    read(item["s"], fact.s);
    read(item["p"], fact.p);
    read(item["o"], fact.o);
  }
}
void read(const rapidjson::Value& from, Embedding& to) {
  take(from["id"], to.id);
  for (const auto& item : from["vector"].GetArray()) to.vector.push_back(item.GetDouble());
}
void read(const rapidjson::Value& from, Document& to) {
  take(from["id"], to.id);
  take(from["title"], to.title);
  take(from["data"], to.data);
}

}  // namespace

template <class T>
void Rapidjson::encode(const T& value, std::string& out) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  write(writer, value);
  out.assign(buffer.GetString(), buffer.GetSize());
}

template <class T>
void Rapidjson::decode(const std::string& text, T& value) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseFullPrecisionFlag>(text.data(), text.size());
  T fresh;
  read(document, fresh);
  value = std::move(fresh);
}

template void Rapidjson::encode(const Chat&, std::string&);
template void Rapidjson::encode(const Facts&, std::string&);
template void Rapidjson::encode(const Embedding&, std::string&);
template void Rapidjson::encode(const Document&, std::string&);
template void Rapidjson::decode(const std::string&, Chat&);
template void Rapidjson::decode(const std::string&, Facts&);
template void Rapidjson::decode(const std::string&, Embedding&);
template void Rapidjson::decode(const std::string&, Document&);

}  // namespace omnibus::benchmark
