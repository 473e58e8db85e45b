#include "services/gateway/translate/document.hpp"

#include <algorithm>
#include <omnibus/base64.hpp>

#include "services/gateway/translate/charset.hpp"
#include "services/gateway/translate/core.hpp"

namespace omnibus::gateway {

namespace {

std::string decoded(std::string text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  text.erase(std::remove_if(text.begin(), text.end(), is_space), text.end());
  auto bytes = base64::decode(text);
  if (!bytes) throw TranslationError("text: not base64 (standard alphabet, padded)");
  return std::move(*bytes);
}

}  // namespace

void translate(const Fields& fields, catalogue::TextDocument& document) {
  auto& metadata = document.metadata.emplace();
  metadata.user = "trustgraph";
  metadata.collection = "default";
  fields.read("id", metadata.id);
  fields.read("metadata", metadata.metadata);
  fields.read("user", metadata.user);
  fields.read("collection", metadata.collection);
  std::string text;
  std::string charset = "utf-8";
  fields.require("text", text);
  fields.read("charset", charset);
  document.text = to_utf8(decoded(std::move(text)), charset);
}

}  // namespace omnibus::gateway
