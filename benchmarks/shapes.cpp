#include "shapes.hpp"

#include <random>

#include <omnibus/base64.hpp>

namespace omnibus::benchmark {

namespace {

std::string words(std::size_t size) {
  constexpr std::string_view text =
      "You are a helpful assistant. Answer briefly and cite the passages you used; say so when you do not "
      "know. ";
  std::string made;
  while (made.size() < size) made += text;
  made.resize(size);
  return made;
}

}  // namespace

Chat make_chat() { return {.system = words(120), .prompt = words(480), .streaming = true}; }

Facts make_facts() {
  Facts facts{.id = "doc-17", .user = "trustgraph", .collection = "default"};
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(1000 + i);
    facts.triples.push_back({.s = {.value = "http://example.org/entity/" + number, .is_uri = true},
                             .p = {.value = "http://example.org/property/knows", .is_uri = true},
                             .o = {.value = "a literal value number " + number}});
  }
  return facts;
}

Embedding make_embedding() {
  std::mt19937_64 random(42);
  std::uniform_real_distribution<double> spread(-1, 1);
  Embedding embedding{.id = "chunk-1"};
  for (int i = 0; i < 1536; ++i) embedding.vector.push_back(spread(random));
  return embedding;
}

Document make_document() {
  std::mt19937 random(7);
  std::string bytes(100'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return {.id = "doc-1", .title = "A document", .data = base64::encode(bytes)};
}

}  // namespace omnibus::benchmark
