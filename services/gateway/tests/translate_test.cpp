#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <functional>
#include <omnibus/base64.hpp>
#include <omnibus/schema/reflect.hpp>

#include "services/gateway/json/body.hpp"
#include "services/gateway/translate/config.hpp"
#include "services/gateway/translate/document.hpp"
#include "services/gateway/translate/flow.hpp"

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

template <class T>
json::value answered(std::string_view queue_json) {
  T response{};
  schema::type_of<T>().decode_json(queue_json, {}, &response);
  return translate(response);
}

using RequestTranslator = std::function<json::value(const json::object&)>;
using ResponseTranslator = std::function<json::value(std::string_view)>;

const std::map<std::string, RequestTranslator, std::less<>> request_translators = {
    {"config", requested<catalogue::ConfigRequest>},
    {"flow", requested<catalogue::FlowRequest>},
    {"text-load", requested<catalogue::TextDocument>},
};
const std::map<std::string, ResponseTranslator, std::less<>> response_translators = {
    {"config", answered<catalogue::ConfigResponse>},
    {"flow", answered<catalogue::FlowResponse>},
};

/// Cases whose queue form differs, each with its reason.
const std::map<std::string, std::string, std::less<>> different = {
    {"config/empty",
     R"({"operation": "", "keys": null, "type": null, "values": null})"},  // `operation` is not
                                                                           // optional in the
                                                                           // catalogue; both are
                                                                           // answered bad-operation
};

std::string complaint_of(const RequestTranslator& translator, const json::object& body) {
  try {
    return "no error: " + json::serialize(translator(body));
  } catch (const TranslationError& error) {
    return error.message();
  }
}

TEST(Translate, EveryRecordedCaseMatches) {
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/gateway.jsonl");
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    const auto vector = json::parse(line).as_object();
    const std::string service(vector.at("service").as_string());
    const std::string name = service + "/" + std::string(vector.at("case").as_string());
    if (vector.at("dir").as_string() == "request") {
      const auto translator = request_translators.find(service);
      if (translator == request_translators.end()) continue;
      const auto& body = vector.at("body").as_object();
      if (vector.contains("error")) {
        EXPECT_EQ(complaint_of(translator->second, body), std::string(vector.at("message").as_string()))
            << name;
      } else {
        const auto exception = different.find(name);
        const auto expected = exception != different.end() ? json::parse(exception->second)
                                                           : json::parse(vector.at("queue_json").as_string());
        EXPECT_EQ(translator->second(body), expected) << name;
      }
    } else {
      const auto translator = response_translators.find(service);
      if (translator == response_translators.end()) continue;
      EXPECT_EQ(translator->second(std::string(vector.at("queue_json").as_string())),
                vector.at("gateway_json"))
          << name;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 15);
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
  EXPECT_EQ(complaint("text-load", R"({"text": "plain text!"})"),
            "text: not base64 (standard alphabet, padded)");
  EXPECT_EQ(complaint("text-load", R"({"text": "aGVsbG8"})"), "text: not base64 (standard alphabet, padded)");
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
