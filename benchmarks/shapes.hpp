#pragma once

/// The four messages that the codec is measured with, as structs and as generated content.

#include <string>
#include <vector>

namespace omnibus::benchmark {

struct Chat {
  std::string system = {};
  std::string prompt = {};
  bool streaming = false;
};

struct Node {
  std::string value = {};
  bool is_uri = false;
  std::string type = {};
};
struct Fact {
  Node s = {};
  Node p = {};
  Node o = {};
};
struct Facts {
  std::string id = {};
  std::string user = {};
  std::string collection = {};
  std::vector<Fact> triples = {};
};

struct Embedding {
  std::string id = {};
  std::vector<double> vector = {};
};

struct Document {
  std::string id = {};
  std::string title = {};
  std::string data = {};
};

Chat make_chat();            // about 650 bytes of JSON
Facts make_facts();          // 50 triples, about 11 kB
Embedding make_embedding();  // 1536 random doubles, about 32 kB
Document make_document();    // base64 text, about 133 kB

}  // namespace omnibus::benchmark
