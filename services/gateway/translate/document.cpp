#include "services/gateway/translate/document.hpp"

#include "services/gateway/translate/base64_text.hpp"
#include "services/gateway/translate/charset.hpp"

namespace omnibus::gateway {

namespace {

catalogue::Metadata metadata_of(const Fields& fields) {
  catalogue::Metadata metadata;
  fields.read("id", metadata.id);
  fields.read("metadata", metadata.metadata);
  user_or_default.read(fields, "user", metadata.user);
  collection_or_default.read(fields, "collection", metadata.collection);
  return metadata;
}

}  // namespace

void translate(const Fields& fields, catalogue::TextDocument& document) {
  document.metadata = metadata_of(fields);
  std::string text;
  std::string charset = "utf-8";
  fields.require("text", text);
  fields.read("charset", charset);
  document.text = to_utf8(from_base64(std::move(text), "text"), charset);
}

void translate(const Fields& fields, catalogue::Document& document) {
  document.metadata = metadata_of(fields);
  rule::Base64{.must = true}.read(fields, "data", document.data);
}

}  // namespace omnibus::gateway
