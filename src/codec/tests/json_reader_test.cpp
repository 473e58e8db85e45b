#include <omnibus/json.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace omnibus {
namespace {

enum class Level : std::uint8_t { low, high };

struct Part {
  std::string name = {};
  std::optional<std::int64_t> count = std::nullopt;
};

struct Thing {
  std::string text = "unset";
  std::int64_t whole = 0;
  double real = 0;
  bool flag = false;
  std::vector<Part> parts = {};
  std::map<std::string, std::int64_t> numbers = {};
  Part part = {.name = "inner"};
  std::optional<Part> maybe = std::nullopt;
  Level level = Level::low;
};

struct Narrow {
  std::int8_t i8 = 0;
  std::uint8_t u8 = 0;
  std::uint64_t u64 = 0;
  float single = 0;
  std::array<int, 2> pair = {};
};

struct Tree {
  std::vector<Tree> kids = {};
  std::unique_ptr<Tree> next = nullptr;
};

}  // namespace

struct Strict {
  std::string id = {};
  int amount = 0;
};

namespace {

Thing read(std::string_view text) { return json::decode<Thing>(text); }

TEST(JsonReader, TakesKeysInAnyOrderWithSpaceAndSkipsUnknownOnes) {
  const Thing thing =
      read(" {\"flag\" : true ,\n\t\"odd\":{\"a\":[1,null,\"x\\n\",{}],\"b\":-1.5e+3},\"text\":\"t\"\r} ");
  EXPECT_EQ(thing.text, "t");
  EXPECT_TRUE(thing.flag);
  EXPECT_EQ(thing.part.name, "inner");
}

TEST(JsonReader, TakesTheLastOfRepeatedKeysFromItsDefault) {
  EXPECT_EQ(read(R"({"text":"a","text":"b"})").text, "b");
  EXPECT_EQ(read(R"({"text":"a","text":null})").text, "unset");
  const Thing thing = read(R"({"part":{"name":"x","count":1},"part":{"count":2},"parts":[{}],"parts":[]})");
  EXPECT_EQ(thing.part.name, "inner");
  EXPECT_EQ(thing.part.count, 2);
  EXPECT_TRUE(thing.parts.empty());
  EXPECT_EQ(read(R"({"numbers":{"a":1,"a":2}})").numbers.at("a"), 2);
}

TEST(JsonReader, ReadsNullAndAbsenceAlike) {
  const Thing thing =
      read(R"({"text":null,"whole":null,"parts":null,"maybe":null,"part":null,"level":null})");
  EXPECT_EQ(thing.text, "unset");
  EXPECT_FALSE(thing.maybe.has_value());
  EXPECT_EQ(thing.part.name, "inner");
  EXPECT_EQ(read(R"({"parts":[null,{"count":null}]})").parts.size(), 2u);
}

TEST(JsonReader, OverwritesWhatWasThere) {
  Thing thing = read(R"({"text":"old","parts":[{}],"maybe":{}})");
  json::decode_to("{}", thing);
  EXPECT_EQ(thing.text, "unset");
  EXPECT_TRUE(thing.parts.empty());
  EXPECT_FALSE(thing.maybe.has_value());
}

TEST(JsonReader, DecodesEscapesAndUtf8) {
  EXPECT_EQ(read(R"({"text":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\uD83D\ude00"})").text,
            "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(read("{\"text\":\"\xf0\x9f\x98\x80 und ein langer Text mit \xc3\xa4 drin\"}").text,
            "\xf0\x9f\x98\x80 und ein langer Text mit \xc3\xa4 drin");
  EXPECT_EQ(read(R"({"te\u0078t":"key with escape"})").text, "key with escape");
  EXPECT_EQ(read("{\"text\":\"\\u0000\"}").text, std::string(1, '\0'));
}

TEST(JsonReader, ReadsNumbersOfEveryForm) {
  EXPECT_EQ(read(R"({"whole":-9223372036854775808})").whole, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read(R"({"whole":-0})").whole, 0);
  EXPECT_EQ(read(R"({"real":5})").real, 5);
  EXPECT_EQ(read(R"({"real":-1.25E-2})").real, -0.0125);
  EXPECT_EQ(read(R"({"real":123456789012345678901234567890})").real, 123456789012345678901234567890.0);
  EXPECT_TRUE(std::isnan(read(R"({"real":NaN})").real));
  EXPECT_EQ(read(R"({"real":-Infinity})").real, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read(R"({"real":1e-400})").real, 0);
  EXPECT_EQ(read(R"({"real":5e-324})").real, 5e-324);
  EXPECT_TRUE(std::signbit(read("{\"real\":-0." + std::string(500, '0') + "1}").real));
  const auto narrow =
      json::decode<Narrow>(R"({"i8":-128,"u8":255,"u64":18446744073709551615,"single":0.1,"pair":[1,2]})");
  EXPECT_EQ(narrow.i8, -128);
  EXPECT_EQ(narrow.u64, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(narrow.single, 0.1f);
}

TEST(JsonReader, ReadsTheNearestDouble) {
  std::mt19937_64 random(3);
  const auto check = [](const std::string& text) {
    double expected = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), expected).ec != std::errc()) return;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(json::decode<double>(text)),
              std::bit_cast<std::uint64_t>(expected))
        << text;
  };
  for (int i = 0; i < 200'000; ++i) {
    std::string text = std::to_string(random() >> random() % 64);
    if (random() % 2 == 0) text.insert(1 + random() % text.size(), text.size() == 1 ? ".0" : ".");
    if (text.back() == '.') text += std::to_string(random());
    if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 660) - 340);
    check(random() % 4 == 0 ? "-" + text : text);
  }
  // Midpoints between neighbours, exactly and a little beside: 2^53 + 1 is one.
  for (const char* text :
       {"9007199254740993", "9007199254740992.9999999999", "9007199254740993.0000000001", "1e23", "8.5e22",
        "9.5e-323", "2.2250738585072011e-308", "1.7976931348623158e308", "4503599627370497.5",
        "0.500000000000000166533453693773481063544750213623046875"}) {
    check(text);
  }
}

TEST(JsonReader, ReadsMemberTypesAlone) {
  EXPECT_EQ(json::decode<std::vector<int>>("[1,2]"), (std::vector<int>{1, 2}));
  EXPECT_EQ(json::decode<std::list<bool>>("[true]"), (std::list<bool>{true}));
  EXPECT_EQ(json::decode<std::optional<std::string>>("null"), std::nullopt);
}

struct Failure {
  std::string_view text;
  std::size_t offset;
  std::string_view path;
  std::string_view reason;
};

class Malformed : public testing::TestWithParam<Failure> {};

TEST_P(Malformed, TellsOffsetPathAndReason) {
  const Failure& expected = GetParam();
  try {
    read(expected.text);
    FAIL() << "accepted " << expected.text;
  } catch (const DecodeError& error) {
    EXPECT_EQ(error.offset(), expected.offset) << error.what();
    EXPECT_EQ(error.path(), expected.path) << error.what();
    EXPECT_NE(error.reason().find(expected.reason), std::string::npos) << error.what();
    EXPECT_EQ(error.type(), "Thing");
    EXPECT_NE(std::string(error.what()).find(error.reason()), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    JsonReader, Malformed,
    testing::Values(
        Failure{"", 0, "$", "ends where an object is expected"}, Failure{"  ", 2, "$", "ends where"},
        Failure{"null", 0, "$", "expected an object, found null"}, Failure{"[]", 0, "$", "found a list"},
        Failure{"\xef\xbb\xbf{}", 0, "$", "byte order mark"}, Failure{"{} x", 3, "$", "after the value"},
        Failure{"{", 1, "$", "ends too early"}, Failure{"{\"text\"", 7, "$", "ends too early"},
        Failure{"{\"text\":", 8, "$.text", "ends where a string is expected"},
        Failure{"{\"text\":\"a", 10, "$.text", "ends inside a string"},
        Failure{"{\"text\":\"a\\", 11, "$.text", "ends inside a string"},
        Failure{"{\"text\":\"a\"", 11, "$", "ends too early"}, Failure{"{text:1}", 1, "$", "key in quotes"},
        Failure{"{\"text\" 1}", 8, "$", "expected \":\""},
        Failure{"{\"text\":7}", 8, "$.text", "found a number"},
        Failure{"{\"text\":\"a\",}", 11, "$", "comma before"}, Failure{"{,}", 1, "$", "key in quotes"},
        Failure{"{\"text\":\"a\" \"b\":1}", 12, "$", "expected \",\" or \"}\""},
        Failure{"{\"text\":\"a\nb\"}", 10, "$.text", "control character"},
        Failure{"{\"text\":\"\\x\"}", 9, "$.text", "unknown escape"},
        Failure{"{\"text\":\"\\u12g4\"}", 9, "$.text", "\\u escape"},
        Failure{"{\"text\":\"ab\\ud800\"}", 11, "$.text", "lone surrogate"},
        Failure{"{\"text\":\"\\ud800\\u0041\"}", 9, "$.text", "lone surrogate"},
        Failure{"{\"text\":\"\\udc00\"}", 9, "$.text", "lone surrogate"},
        Failure{"{\"text\":\"ab\xff\"}", 11, "$.text", "not UTF-8"},
        Failure{"{\"text\":\"0123456789abcdef\xed\xa0\x80\"}", 25, "$.text", "not UTF-8"},
        Failure{"{\"text\":\"\xc0\xaf\"}", 9, "$.text", "not UTF-8"},
        Failure{"{\"text\":\"\xf4\x90\x80\x80\"}", 9, "$.text", "not UTF-8"},
        Failure{"{\"text\":\"\xe2\x82", 9, "$.text", "not UTF-8"},
        Failure{"{\"whole\":1.0}", 9, "$.whole", "fraction"},
        Failure{"{\"whole\":1e2}", 9, "$.whole", "fraction"},
        Failure{"{\"whole\":9223372036854775808}", 9, "$.whole", "out of range"},
        Failure{"{\"whole\":01}", 10, "$", "expected \",\""},
        Failure{"{\"whole\":+1}", 9, "$.whole", "no JSON value"},
        Failure{"{\"whole\":-}", 9, "$.whole", "malformed"},
        Failure{"{\"whole\":\"5\"}", 9, "$.whole", "found a string"},
        Failure{"{\"real\":1.}", 8, "$.real", "malformed"},
        Failure{"{\"real\":.5}", 8, "$.real", "no JSON value"},
        Failure{"{\"real\":1e}", 8, "$.real", "malformed"}, Failure{"{\"real\":1e400}", 8, "$.real", "range"},
        Failure{"{\"real\":nan}", 8, "$.real", "found no JSON value"},
        Failure{"nonsense", 0, "$", "found no JSON value"}, Failure{"true", 0, "$", "found a boolean"},
        Failure{"{\"text\":Infinity}", 8, "$.text", "found a number"},
        Failure{"{\"flag\":1}", 8, "$.flag", "a boolean"},
        Failure{"{\"flag\":tru}", 8, "$.flag", "expected \"true\""},
        Failure{"{\"parts\":[{},{\"count\":\"4\"}]}", 22, "$.parts[1].count", "an integer"},
        Failure{"{\"parts\":[{}", 12, "$.parts", "ends too early"},
        Failure{"{\"parts\":[{},]}", 12, "$.parts", "comma before"},
        Failure{"{\"parts\":{}}", 9, "$.parts", "expected a list, found an object"},
        Failure{"{\"numbers\":{\"a b\":true}}", 18, "$.numbers[\"a b\"]", "an integer"},
        Failure{"{\"level\":\"mid\"}", 9, "$.level", "known are low, high"},
        Failure{"{\"odd\":[1,{\"x\":tru}]}", 15, "$.odd[1].x", "expected \"true\""},
        Failure{"{\"odd\":\"\\ud800\"}", 8, "$.odd", "lone surrogate"}));

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(JsonReader, LimitsDepthAndSize) {
  EXPECT_NO_THROW(json::decode<Thing>("{\"odd\":" + nested(127) + "}"));
  EXPECT_THROW(json::decode<Thing>("{\"odd\":" + nested(128) + "}"), DecodeError);
  std::string tree;
  for (int i = 0; i < 100000; ++i) tree += "{\"kids\":[";
  EXPECT_THROW(json::decode<Tree>(tree), DecodeError);
  EXPECT_THROW(json::decode<Thing>("{\"text\":\"abcdef\"}", {.max_size = 10}), DecodeError);
  EXPECT_NO_THROW(json::decode<Thing>("{}        ", {.max_size = 10}));
}

TEST(JsonReader, ChecksRangesOfNarrowTypes) {
  EXPECT_THROW(json::decode<Narrow>(R"({"i8":128})"), DecodeError);
  EXPECT_THROW(json::decode<Narrow>(R"({"u8":-1})"), DecodeError);
  EXPECT_THROW(json::decode<Narrow>(R"({"u64":18446744073709551616})"), DecodeError);
  EXPECT_THROW(json::decode<Narrow>(R"({"single":1e39})"), DecodeError);
  EXPECT_THROW(json::decode<Narrow>(R"({"pair":[1]})"), DecodeError);
  EXPECT_THROW(json::decode<Narrow>(R"({"pair":[1,2,3]})"), DecodeError);
}

TEST(JsonReader, RefusesUnknownKeysOnRequest) {
  const json::Options strict{.reject_unknown = true};
  EXPECT_NO_THROW(json::decode<Thing>(R"({"text":"a"})", strict));
  try {
    json::decode<Thing>(R"({"parts":[{"nam":"a"}]})", strict);
    FAIL();
  } catch (const DecodeError& error) {
    EXPECT_EQ(error.path(), "$.parts[0].nam");
    EXPECT_EQ(error.offset(), 11u);
    EXPECT_EQ(error.reason(), "unknown field \"nam\"; did you mean \"name\"?");
  }
}

TEST(JsonReader, NeverReadsBeyondTheText) {
  const std::string text =
      json::encode(Thing{.text = "some text \xc3\xa9 \xf0\x9f\x98\x80", .parts = {{}, {}}});
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(json::decode<Thing>(std::string_view(cut.data(), cut.size())), DecodeError) << size;
  }
}

}  // namespace
}  // namespace omnibus

template <>
struct omnibus::schema_traits<omnibus::Strict> {
  static constexpr std::array<std::string_view, 1> required{"id"};
};

namespace omnibus {
namespace {

TEST(JsonReader, RequiresWhatTheTraitsName) {
  EXPECT_EQ(json::decode<Strict>(R"({"id":"a"})").amount, 0);
  EXPECT_NO_THROW(json::decode<Strict>(R"({"amount":1,"id":null})"));
  try {
    json::decode<std::vector<Strict>>(R"([{"id":"a"}, {"amount":1}])");
    FAIL();
  } catch (const DecodeError& error) {
    EXPECT_EQ(error.path(), "$[1]");
    EXPECT_EQ(error.offset(), 13u);
    EXPECT_EQ(error.reason(), "required field \"id\" is missing");
  }
}

}  // namespace
}  // namespace omnibus
