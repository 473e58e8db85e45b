#include <nlohmann/json.hpp>

#include "codecs.hpp"

namespace omnibus::benchmark {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Chat, system, prompt, streaming)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Node, value, is_uri, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fact, s, p, o)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Facts, id, user, collection, triples)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Embedding, id, vector)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Document, id, title, data)

template <class T>
void Nlohmann::encode(const T& value, std::string& out) {
  out = nlohmann::json(value).dump();
}

template <class T>
void Nlohmann::decode(const std::string& text, T& value) {
  value = nlohmann::json::parse(text).get<T>();
}

template void Nlohmann::encode(const Chat&, std::string&);
template void Nlohmann::encode(const Facts&, std::string&);
template void Nlohmann::encode(const Embedding&, std::string&);
template void Nlohmann::encode(const Document&, std::string&);
template void Nlohmann::decode(const std::string&, Chat&);
template void Nlohmann::decode(const std::string&, Facts&);
template void Nlohmann::decode(const std::string&, Embedding&);
template void Nlohmann::decode(const std::string&, Document&);

}  // namespace omnibus::benchmark
