#include "services/embeddings/protocol.hpp"

#include <cmath>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "services/http/answer.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::embeddings {
namespace {

using boost::json::value;

/// The only element of the list. Errors: ProtocolError when it is none, or has another length.
const value& only(const value* list, const char* name) {
  if (list == nullptr || !list->is_array()) {
    throw ProtocolError(std::string("the model's answer has no ") + name);
  }
  const auto& items = list->get_array();
  if (items.size() != 1) {
    throw ProtocolError("the model's answer has " + std::to_string(items.size()) + " vectors for one text");
  }
  return items.front();
}

std::vector<double> numbers(const value* list) {
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    throw ProtocolError("the model's answer has no vector");
  }
  std::vector<double> out;
  out.reserve(list->get_array().size());
  for (const auto& item : list->get_array()) {
    const auto number = item.is_number() ? item.to_number<double>() : std::nan("");
    if (!std::isfinite(number)) throw ProtocolError("the model's vector holds something that is no number");
    out.push_back(number);
  }
  return out;
}

}  // namespace

std::string_view path_of(Kind kind) noexcept { return kind == Kind::openai ? "/embeddings" : "/api/embed"; }

std::string body_of(const std::string& model, const std::string& text) {
  return json::dump(boost::json::object{{"model", model}, {"input", text}});
}

std::vector<double> vector_of(Kind kind, std::string_view body) {
  const auto answer = http::parsed(body);
  if (kind == Kind::ollama) return numbers(&only(http::member(&answer, "embeddings"), "embeddings"));
  return numbers(http::member(&only(http::member(&answer, "data"), "data"), "embedding"));
}

}  // namespace omnibus::embeddings
