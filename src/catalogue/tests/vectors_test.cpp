#include <map>

#include <gtest/gtest.h>

#include <omnibus/catalogue/document.hpp>
#include <omnibus/error.hpp>
#include <omnibus/json.hpp>

#include "catalogue/tests/vectors.hpp"

namespace omnibus::catalogue {
namespace {

using test::Json;
using test::Value;

const schema::Type& type_named(const Json& recorded) {
  const std::string name = recorded.at("type").get<std::string>();
  const schema::Type* type = find(name);
  if (type == nullptr) throw std::runtime_error("no type " + name);
  return *type;
}

std::string label(const Json& recorded) {
  return recorded.at("type").get<std::string>() + '/' + recorded.at("case").get<std::string>();
}

// Encoded messages whose round trip may differ, and why.
const std::map<std::string, std::string> encode_differences{
    {"all_none",
     "every field is null; a field that no service uses as absent is not optional, and null reads as its "
     "default"},
};

TEST(EncodeVectors, RoundTripToEqualJsonWithNulls) {
  std::size_t equal = 0;
  std::size_t defaulted = 0;
  for (const Json& recorded : test::load("encode.jsonl")) {
    if (!recorded.contains("json")) continue;
    SCOPED_TRACE(label(recorded));
    const schema::Type& type = type_named(recorded);
    Value value(type);
    const auto text = recorded.at("json").get<std::string>();
    ASSERT_NO_THROW(value.decode(text));
    bool changed = false;
    const Json expected = test::normalise(Json::parse(text), type, Nulls::emit, changed);
    EXPECT_EQ(Json::parse(value.encode(Nulls::emit)), expected);
    if (changed) {
      EXPECT_TRUE(encode_differences.contains(recorded.at("case").get<std::string>()));
      ++defaulted;
    } else {
      EXPECT_EQ(expected, Json::parse(text));
      ++equal;
    }
  }
  EXPECT_GE(equal, 470u);
  EXPECT_LE(defaulted, 74u);
}

TEST(EncodeVectors, RefuseBytesThatAreNotUtf8) {
  for (const Json& recorded : test::load("encode.jsonl")) {
    if (recorded.contains("json")) continue;
    ASSERT_EQ(label(recorded), "Chunk/not_utf8_bytes_fails");
    const Chunk chunk{.chunk = test::plain(recorded.at("fields").at("chunk")).get<std::string>()};
    EXPECT_THROW(json::encode(chunk), EncodeError);
  }
}

// Version 1.8.0 left out null fields at the top level, whatever their type, and wrote them further in. We
// leave out empty optionals at every level and write every other field; both read the same.
TEST(OmitStyleVectors, RoundTripToEqualJsonWithoutNulls) {
  for (const Json& recorded : test::load("encode_1_8_0_omit_style.jsonl")) {
    SCOPED_TRACE(label(recorded));
    const schema::Type* type = find(recorded.at("type").get<std::string>());
    if (type == nullptr) continue;             // StorageManagement… of 1.8.0 is gone
    if (recorded.contains("error")) continue;  // 1.8.0 could not write nested bytes
    Value value(*type);
    const auto text = recorded.at("json").get<std::string>();
    ASSERT_NO_THROW(value.decode(text));
    // Fields that 1.8.0 named otherwise are unknown to us, and skipped.
    const Json all = Json::parse(text);
    Json known = Json::object();
    for (const auto& field : type->fields) {
      const std::string name(field.name);
      if (all.contains(name)) known[name] = all[name];
    }
    bool changed = false;
    const Json expected = test::normalise(known, *type, Nulls::omit, changed);
    const std::string written = value.encode(Nulls::omit);
    EXPECT_EQ(Json::parse(written), expected);
    EXPECT_EQ(written.find("null"), std::string::npos);
  }
}

struct Difference {
  std::string result;  // the value we make instead; empty for a DecodeError
  std::string reason;
};

// Decoded messages that differ from the existing system's, and why.
const std::map<std::string, Difference> decode_differences{
    {"TextCompletionRequest/null_in_str_field_stays_null",
     {R"({"prompt":"p","streaming":false,"system":""})",
      "no service uses this field as absent, so it is not optional; null reads as its default"}},
    {"ConfigRequest/nested_partial",
     {R"({"keys":[{"key":"","type":"a"},{"key":"b","type":""},{"key":"","type":""}],"operation":"get","type":null,"values":null})",
      "absence and null are the same to us: both give an empty optional"}},
    {"ConfigResponse/error_null_vs_absent",
     {R"({"config":null,"directory":null,"error":null,"values":null,"version":3})",
      "absence and null are the same to us: both give an empty optional"}},
    {"ConfigResponse/error_present",
     {R"({"config":null,"directory":null,"error":{"message":"m","type":"t"},"values":null,"version":null})",
      "absence and null are the same to us: both give an empty optional"}},
    {"ConfigResponse/error_partial",
     {R"({"config":null,"directory":null,"error":{"message":"m","type":""},"values":null,"version":null})",
      "absence and null are the same to us: both give an empty optional"}},
    {"KnowledgeResponse/ids_absent_becomes_empty_list",
     {R"({"eos":true,"error":null,"graph_embeddings":null,"ids":null,"triples":null})",
      "absence and null are the same to us: both give an empty optional"}},
    {"AgentResponse/answer_absent_becomes_empty_string",
     {R"({"answer":null,"chunk_type":"","content":"","end_of_dialog":false,"end_of_message":false,"error":null,"observation":null,"thought":"t"})",
      "absence and null are the same to us: both give an empty optional"}},
    {"TextCompletionResponse/wrong_type_not_coerced",
     {"", "a value of the wrong type is an error, not a value of another type"}},
    {"TextCompletionRequest/top_level_null", {"", "a message is an object"}},
    {"AgentRequest/group_null_and_history",
     {R"({"group":null,"history":[{"action":"","arguments":{"k":"v"},"observation":"","thought":"a","user":""}],"question":"","state":null,"streaming":false,"user":""})",
      "absence and null are the same to us: both give an empty optional"}},
    {"TextCompletionResponse/big_int", {"", "integers have 64 bits"}},
    {"TextCompletionResponse/float_in_int",
     {"", "an integer has neither fraction nor exponent, even when the value is whole"}},
    {"ConfigRequest/list_item_not_object",
     {"", "a value of the wrong type is an error, not a value of another type"}},
    {"ConfigResponse/config_with_null_leaf",
     {R"({"config":{"t":{"k":""}},"directory":null,"error":null,"values":null,"version":null})",
      "absence and null are the same to us: both give an empty optional; a null entry of a dict reads as the "
      "default"}},
    {"ConfigPush/config_null",
     {R"({"config":{},"version":1})",
      "no service uses this field as absent, so it is not optional; null reads as its default"}},
    {"Chunk/bytes_from_number", {"", "a value of the wrong type is an error, not a value of another type"}},
    {"LibrarianRequest/nested_missing",
     {R"({"collection":null,"content":"SGk=","criteria":null,"document_id":null,"document_metadata":{"comments":"","id":"d","kind":"","metadata":[{"o":{"is_uri":false,"type":"","value":"v"},"p":null,"s":null}],"tags":null,"time":0,"title":"","user":""},"operation":"add-document","processing_id":null,"processing_metadata":null,"user":null})",
      "absence and null are the same to us: both give an empty optional"}},
    {"TriplesQueryRequest/struct_from_string",
     {"", "a value of the wrong type is an error, not a value of another type"}},
    {"GraphQLError/none", {"", "a value of the wrong type is an error, not a value of another type"}},
};

TEST(DecodeVectors, AreEqualOrStandInTheTable) {
  std::size_t used = 0;
  for (const Json& recorded : test::load("decode.jsonl")) {
    SCOPED_TRACE(label(recorded));
    const auto text = recorded.at("json").get<std::string>();
    const schema::Type& type = type_named(recorded);
    Value value(type);
    const auto difference = decode_differences.find(label(recorded));
    const bool differs = difference != decode_differences.end();
    used += differs ? 1 : 0;
    if (differs ? difference->second.result.empty() : recorded.contains("error")) {
      EXPECT_THROW(value.decode(text), DecodeError);
      continue;
    }
    try {
      value.decode(text);
    } catch (const DecodeError& error) {
      ADD_FAILURE() << error.what();
      continue;
    }
    const Json ours = test::parse(value.encode(Nulls::emit));
    const Json theirs = recorded.contains("error") ? Json() : test::plain(recorded.at("fields"));
    EXPECT_EQ(ours, differs ? Json::parse(difference->second.result) : theirs);
    if (differs) {
      EXPECT_NE(ours, theirs) << "no difference any more: remove it from the table";
    }
  }
  EXPECT_EQ(used, decode_differences.size());
}

}  // namespace
}  // namespace omnibus::catalogue
