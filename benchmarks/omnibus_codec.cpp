#include <omnibus/json.hpp>

#include "codecs.hpp"

namespace omnibus::benchmark {

template <class T>
void Omnibus::encode(const T& value, std::string& out) {
  out.clear();
  json::encode_to(value, out);
}

template <class T>
void Omnibus::decode(const std::string& text, T& value) {
  value = json::decode<T>(text);
}

template void Omnibus::encode(const Chat&, std::string&);
template void Omnibus::encode(const Facts&, std::string&);
template void Omnibus::encode(const Embedding&, std::string&);
template void Omnibus::encode(const Document&, std::string&);
template void Omnibus::decode(const std::string&, Chat&);
template void Omnibus::decode(const std::string&, Facts&);
template void Omnibus::decode(const std::string&, Embedding&);
template void Omnibus::decode(const std::string&, Document&);

}  // namespace omnibus::benchmark
