#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <functional>
#include <omnibus/base64.hpp>
#include <omnibus/schema/reflect.hpp>

#include "services/gateway/json/body.hpp"
#include "services/gateway/translate/agent.hpp"
#include "services/gateway/translate/collection.hpp"
#include "services/gateway/translate/config.hpp"
#include "services/gateway/translate/document.hpp"
#include "services/gateway/translate/flow.hpp"
#include "services/gateway/translate/knowledge.hpp"
#include "services/gateway/translate/library.hpp"
#include "services/gateway/translate/llm.hpp"
#include "services/gateway/translate/prompt.hpp"
#include "services/gateway/translate/query.hpp"
#include "services/gateway/translate/retrieval.hpp"
#include "services/gateway/translate/store.hpp"
#include "services/gateway/translate/structured.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

/// The message as it goes to the queue where nulls are written.
template <class T>
json::value on_queue(const T& message) {
  std::string text;
  schema::JsonOptions options;
  options.nulls = Nulls::emit;
  schema::type_of<T>().encode_json(&message, options, text);
  return json::parse(text);
}

template <class T>
json::value requested(const json::object& body) {
  T request{};
  translate(Fields(body), request);
  return on_queue(request);
}

/// What the client gets, and whether it is the last.
struct Shown {
  json::value body;
  bool complete;
};

template <class T>
Shown answered(std::string_view queue_json) {
  T response{};
  schema::type_of<T>().decode_json(queue_json, {}, &response);
  if (response.error) {
    return {json::object{{"error", {{"type", response.error->type}, {"message", response.error->message}}}},
            true};
  }
  json::object (*encode)(const T&) = answer;
  return {encode(response), is_last<T> == nullptr || is_last<T>(response)};
}

using RequestTranslator = std::function<json::value(const json::object&)>;
using ResponseTranslator = std::function<Shown(std::string_view)>;

const std::map<std::string, RequestTranslator, std::less<>> request_translators = {
    {"text-completion", requested<catalogue::TextCompletionRequest>},
    {"prompt", requested<catalogue::PromptRequest>},
    {"agent", requested<catalogue::AgentRequest>},
    {"mcp-tool", requested<catalogue::ToolRequest>},
    {"graph-rag", requested<catalogue::GraphRagQuery>},
    {"document-rag", requested<catalogue::DocumentRagQuery>},
    {"embeddings", requested<catalogue::EmbeddingsRequest>},
    {"graph-embeddings", requested<catalogue::GraphEmbeddingsRequest>},
    {"triples", requested<catalogue::TriplesQueryRequest>},
    {"objects", requested<catalogue::ObjectsQueryRequest>},
    {"nlp-query", requested<catalogue::QuestionToStructuredQueryRequest>},
    {"structured-query", requested<catalogue::StructuredQueryRequest>},
    {"structured-diag", requested<catalogue::StructuredDataDiagnosisRequest>},
    {"config", requested<catalogue::ConfigRequest>},
    {"flow", requested<catalogue::FlowRequest>},
    {"librarian", requested<catalogue::LibrarianRequest>},
    {"knowledge", requested<catalogue::KnowledgeRequest>},
    {"collection-management", requested<catalogue::CollectionManagementRequest>},
    {"text-load", requested<catalogue::TextDocument>},
    {"document-load", requested<catalogue::Document>},
};
const std::map<std::string, ResponseTranslator, std::less<>> response_translators = {
    {"text-completion", answered<catalogue::TextCompletionResponse>},
    {"prompt", answered<catalogue::PromptResponse>},
    {"agent", answered<catalogue::AgentResponse>},
    {"mcp-tool", answered<catalogue::ToolResponse>},
    {"graph-rag", answered<catalogue::GraphRagResponse>},
    {"document-rag", answered<catalogue::DocumentRagResponse>},
    {"embeddings", answered<catalogue::EmbeddingsResponse>},
    {"graph-embeddings", answered<catalogue::GraphEmbeddingsResponse>},
    {"triples", answered<catalogue::TriplesQueryResponse>},
    {"objects", answered<catalogue::ObjectsQueryResponse>},
    {"nlp-query", answered<catalogue::QuestionToStructuredQueryResponse>},
    {"structured-query", answered<catalogue::StructuredQueryResponse>},
    {"structured-diag", answered<catalogue::StructuredDataDiagnosisResponse>},
    {"config", answered<catalogue::ConfigResponse>},
    {"flow", answered<catalogue::FlowResponse>},
    {"librarian", answered<catalogue::LibrarianResponse>},
    {"knowledge", answered<catalogue::KnowledgeResponse>},
    {"collection-management", answered<catalogue::CollectionManagementResponse>},
};

/// Cases that the catalogue's types do not allow to be equal, each with its reason.
const std::map<std::string, std::string, std::less<>> different = {
    // `operation` is not optional in the catalogue; both are answered bad-operation.
    {"config/empty", R"({"operation": "", "keys": null, "type": null, "values": null})"},
    // A prompt is text in the catalogue: null counts as missing.
    {"text-completion/null_prompt", "'prompt'"},
    // Steps go on with all their fields; readers make the same of both.
    {"agent/history_dicts",
     R"({"question": "q", "state": null, "group": null, "user": "trustgraph", "streaming": false, "history":
         [{"thought": "t", "action": "", "arguments": {}, "observation": "", "user": ""}]})"},
    // An id is text in the catalogue.
    {"document-load/missing_id",
     R"({"metadata": {"id": "", "metadata": [], "user": "trustgraph", "collection": "default"}, "data": "eA=="})"},
    {"document-load/metadata_null",
     R"({"metadata": {"id": "", "metadata": [], "user": "trustgraph", "collection": "default"}, "data": "eA=="})"},
    // No document in the catalogue is without a list of triples.
    {"librarian/docs",
     R"({"document-metadata": {"id": "d", "time": 5, "kind": "k", "comments": "c", "metadata": [], "user": "u",
                               "tags": []},
         "document-metadatas": [{"metadata": []}],
         "processing-metadatas": [{"id": "p", "document-id": "d", "tags": []}]})"},
};

std::string complaint_of(const RequestTranslator& translator, const json::object& body) {
  try {
    return "no error: " + json::serialize(translator(body));
  } catch (const TranslationError& error) {
    return error.message();
  }
}

json::value json_or_text(std::string_view text) {
  return text.starts_with('{') ? json::parse({text.data(), text.size()}) : json::value(text);
}

/// What the line says that must come out: JSON, or an error's text.
json::value expectation(const std::string& name, const json::object& vector) {
  const auto exception = different.find(name);
  if (exception != different.end()) return json_or_text(exception->second);
  if (vector.contains("error")) return vector.at("message");
  return vector.at("dir") == "request" ? json::parse(vector.at("queue_json").as_string())
                                       : vector.at("gateway_json");
}

void check_request(const std::string& service, const json::value& expected, const json::object& vector) {
  try {
    EXPECT_EQ(request_translators.at(service)(vector.at("body").as_object()), expected);
  } catch (const TranslationError& error) {
    EXPECT_EQ(json::value(error.message()), expected);
  }
}

void check_response(const std::string& service, const json::value& expected, const json::object& vector) {
  try {
    const auto shown = response_translators.at(service)(std::string(vector.at("queue_json").as_string()));
    EXPECT_EQ(shown.body, expected);
    EXPECT_EQ(shown.complete, vector.at("complete").as_bool());
  } catch (const TranslationError& error) {
    EXPECT_EQ(json::value(error.message()), expected);
  }
}

TEST(Translate, EveryRecordedCaseMatches) {
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/gateway.jsonl");
  int checked = 0;
  for (std::string line; std::getline(file, line); ++checked) {
    const auto vector = json::parse(line).as_object();
    const std::string service(vector.at("service").as_string());
    const std::string name = service + "/" + std::string(vector.at("case").as_string());
    SCOPED_TRACE(name);
    const bool request = vector.at("dir") == "request";
    (request ? check_request : check_response)(service, expectation(name, vector), vector);
  }
  EXPECT_EQ(checked, 94);
}

std::string complaint(std::string_view service, std::string_view body) {
  return complaint_of(request_translators.find(service)->second, parse_body(body).as_object());
}

TEST(Translate, SaysWhereATypeIsWrong) {
  EXPECT_EQ(complaint("config", R"({"operation": 5})"), "operation: expected text, got a number");
  EXPECT_EQ(complaint("config", R"({"keys": {"type": "t"}})"), "keys: expected a list, got an object");
  EXPECT_EQ(complaint("config", R"({"keys": ["t"]})"), "keys[0]: expected an object, got text");
  EXPECT_EQ(complaint("config", R"({"values": [{"type": "t", "key": "k", "value": {"a": 1}}]})"),
            "values[0].value: expected text, got an object");
  EXPECT_EQ(complaint("config", R"({"values": [{"type": "t", "key": "k"}]})"), "'value'");
  EXPECT_EQ(complaint("flow", R"({"parameters": []})"), "parameters: expected an object, got a list");
  EXPECT_EQ(complaint("flow", R"({"flow-id": true})"), "flow-id: expected text, got true or false");
}

TEST(Translate, PassesApplyOn) {
  const auto body = parse_body(
      R"({"operation": "apply", "if_version": 3, "put": [{"type": "t", "key": "k", "value": "v"}],
          "delete": [{"type": "t", "key": "x"}]})");
  config::ConfigCall call;
  translate(Fields(body.as_object()), call);
  EXPECT_EQ(call.operation, "apply");
  EXPECT_EQ(call.if_version, 3);
  EXPECT_EQ(call.put->at(0).value, "v");
  EXPECT_EQ(call.delete_->at(0).key, "x");
}

TEST(Translate, TakesEitherSpellingOfTheVersion) {
  const auto body = parse_body(R"({"operation": "apply", "if-version": 3, "put": []})");
  config::ConfigCall call;
  translate(Fields(body.as_object()), call);
  EXPECT_EQ(call.if_version, 3);
}

TEST(Translate, MakesTextOfFlowParameters) {
  catalogue::FlowRequest request;
  translate(Fields(parse_body(R"({"parameters": {"a": 0.7, "b": true, "c": "x", "d": null}})").as_object()),
            request);
  const std::map<std::string, std::string> expected = {
      {"a", "0.7"}, {"b", "True"}, {"c", "x"}, {"d", "None"}};
  EXPECT_EQ(request.parameters, expected);
}

catalogue::TextDocument document(json::object body) {
  catalogue::TextDocument result;
  translate(Fields(body), result);
  return result;
}

TEST(TextLoad, DecodesTheCharset) {
  EXPECT_EQ(document({{"text", base64::encode("h\xC3\xA9")}}).text.str(), "h\xC3\xA9");
  EXPECT_EQ(document({{"text", base64::encode("h\xE9")}, {"charset", "latin-1"}}).text.str(), "h\xC3\xA9");
  EXPECT_EQ(document({{"text", base64::encode(std::string("h\0", 2))}, {"charset", "utf-16le"}}).text.str(),
            "h");
  EXPECT_EQ(document({{"text", ""}}).text.str(), "");
  EXPECT_EQ(document({{"text", "aGVs\r\nbG8=\n"}}).text.str(), "hello");
  const std::string large(1u << 20, '\xE9');
  EXPECT_EQ(document({{"text", base64::encode(large)}, {"charset", "iso-8859-1"}}).text.size(), 2u << 20);
}

TEST(TextLoad, TakesPlainText) {
  EXPECT_EQ(document({{"text", "Plain text, h\xC3\xA9."}}).text.str(), "Plain text, h\xC3\xA9.");
  EXPECT_EQ(document({{"text", "four word text here"}}).text.str(), "four word text here");
  EXPECT_EQ(document({{"text", "YQ=="}, {"encoding", "plain"}}).text.str(), "YQ==");
  EXPECT_EQ(document({{"text", "YQ=="}}).text.str(), "a");
}

TEST(TextLoad, FillsTheMetadata) {
  const auto result =
      document({{"text", ""},
                {"id", "d"},
                {"user", "u"},
                {"collection", "c"},
                {"metadata", parse_body(R"([{"s": {"v": "a", "e": true}, "p": {"v": "b", "e": true},
                                                             "o": {"v": "c", "e": false}}])")}});
  EXPECT_EQ(result.metadata->id, "d");
  EXPECT_EQ(result.metadata->user, "u");
  EXPECT_EQ(result.metadata->metadata.at(0).s->value, "a");
  EXPECT_TRUE(result.metadata->metadata.at(0).s->is_uri);
  EXPECT_FALSE(result.metadata->metadata.at(0).o->is_uri);
}

TEST(TextLoad, SaysWhatIsWrong) {
  EXPECT_EQ(complaint("text-load", "{}"), "'text'");
  EXPECT_EQ(
      complaint("text-load", R"({"text": "plaintext"})"),
      "Invalid base64-encoded string: number of data characters (9) cannot be 1 more than a multiple of 4");
  EXPECT_EQ(complaint("text-load", R"({"text": "aGVsbG8"})"), "Incorrect padding");
  EXPECT_EQ(complaint("text-load", R"({"text": "abc!", "encoding": "base64"})"), "Incorrect padding");
  EXPECT_EQ(complaint("text-load", R"({"text": "abcd!", "encoding": "base64"})"),
            "text: not base64 (standard alphabet, padded)");
  EXPECT_EQ(complaint("text-load", R"({"text": "h\u00e9", "charset": "latin-1"})"),
            "string argument should contain only ASCII characters");
  EXPECT_EQ(complaint("text-load", R"({"text": "", "encoding": "rot13"})"),
            "encoding: 'rot13' is neither base64 nor plain");
  EXPECT_EQ(complaint("text-load", R"({"text": "/w=="})"), "text: not utf-8 at byte 0");
  EXPECT_EQ(complaint("text-load", R"({"text": "aOk="})"), "text: not utf-8 at byte 1");
  EXPECT_EQ(complaint("text-load", R"({"text": "", "charset": "klingon"})"), "unknown encoding: klingon");
  EXPECT_EQ(complaint("text-load", R"({"text": "", "charset": "utf-8//IGNORE"})"),
            "unknown encoding: utf-8//IGNORE");
  EXPECT_EQ(complaint("text-load", R"({"text": "", "charset": ""})"), "unknown encoding: ");
  EXPECT_EQ(complaint("text-load", R"({"text": "", "metadata": [{"s": {"v": "a"}}]})"), "'e'");
}

}  // namespace
}  // namespace omnibus::gateway
