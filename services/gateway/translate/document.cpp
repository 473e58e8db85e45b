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

/// Base64 of text in the charset, or plain text: by `encoding`, or where that is empty by what is possible.
/// Text of nothing but base64's characters is never taken for plain: broken base64 looks like that.
std::string text_of(std::string text, const std::string& charset, const std::string& encoding) {
  if (encoding == "plain") return text;
  if (!encoding.empty() && encoding != "base64") {
    throw TranslationError("encoding: '" + encoding + "' is neither base64 nor plain");
  }
  if (encoding.empty() && !may_be_base64(text)) {
    try {
      return to_utf8(from_base64(text, "text"), charset);
    } catch (const TranslationError&) {
      if (charset == "utf-8") return text;
      throw;
    }
  }
  return to_utf8(from_base64(std::move(text), "text"), charset);
}

}  // namespace

void translate(const Fields& fields, catalogue::TextDocument& document) {
  document.metadata = metadata_of(fields);
  std::string text;
  std::string charset = "utf-8";
  fields.require("text", text);
  std::string encoding;
  fields.read("charset", charset);
  fields.read("encoding", encoding);
  document.text = text_of(std::move(text), charset, encoding);
}

void translate(const Fields& fields, catalogue::Document& document) {
  document.metadata = metadata_of(fields);
  rule::Base64{.must = true}.read(fields, "data", document.data);
}

}  // namespace omnibus::gateway
