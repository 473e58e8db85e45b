#include <omnibus/json.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace omnibus {
namespace {

enum class Level : std::uint8_t { low, high };

struct Note {
  std::string text = {};
  std::optional<std::string> title = std::nullopt;
  std::vector<std::optional<int>> marks = {};
  std::map<std::string, std::optional<int>> tags = {};
};

struct Values {
  double real = 0;
  Bytes bytes = {};
  Level level = Level::low;
};

struct Chain {
  std::unique_ptr<Chain> next = nullptr;
};

const json::Options emit{.nulls = Nulls::emit};

TEST(JsonWriter, LeavesOutEmptyOptionalsAndWritesEmptyValues) {
  EXPECT_EQ(json::encode(Note{}), R"({"text":"","marks":[],"tags":{}})");
  EXPECT_EQ(json::encode(Note{}, emit), R"({"text":"","title":null,"marks":[],"tags":{}})");
  EXPECT_EQ(json::encode(Note{.title = ""}), R"({"text":"","title":"","marks":[],"tags":{}})");
}

TEST(JsonWriter, KeepsThePlaceOfAnEmptyItemInAList) {
  const Note note{.marks = {1, std::nullopt}, .tags = {{"a", std::nullopt}, {"b", 2}}};
  EXPECT_EQ(json::encode(note), R"({"text":"","marks":[1,null],"tags":{"b":2}})");
  EXPECT_EQ(json::encode(note, emit), R"({"text":"","title":null,"marks":[1,null],"tags":{"a":null,"b":2}})");
}

TEST(JsonWriter, EscapesWhatJsonNeedsAtEveryPlace) {
  EXPECT_EQ(json::encode(std::string("\"\\/\b\f\n\r\t\x01\x1f\x7f")),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\n';
      std::string expected(size, 'x');
      expected.replace(at, 1, "\\n");
      EXPECT_EQ(json::encode(text), '"' + expected + '"');
      EXPECT_EQ(json::decode<std::string>(json::encode(text)), text);
    }
  }
}

TEST(JsonWriter, WritesUtf8AsItIs) {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string text =
        std::string(before, 'a') + "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf" + "z";
    EXPECT_EQ(json::encode(text), '"' + text + '"');
    EXPECT_EQ(json::decode<std::string>(json::encode(text)), text);
  }
}

TEST(JsonWriter, RefusesWhatIsNotUtf8) {
  for (const std::string bad :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    for (const std::size_t before : {0u, 3u, 15u, 16u, 31u}) {
      EXPECT_THROW(json::encode(std::string(before, 'a') + bad), EncodeError);
    }
  }
  try {
    json::encode(std::vector<Values>{{}, {.bytes = std::string("ok\xff")}});
    FAIL();
  } catch (const EncodeError& error) {
    EXPECT_EQ(error.path(), "$[1].bytes");
    EXPECT_NE(std::string(error.what()).find("base64"), std::string::npos) << error.what();
  }
}

TEST(JsonWriter, LeavesTheTextAsItWasWhenItFails) {
  std::string text = "before";
  EXPECT_THROW(json::encode_to(Note{.text = std::string(5000, 'x'), .title = "\xff"}, text), EncodeError);
  EXPECT_EQ(text, "before");
  json::encode_to(Note{.text = "a"}, text);
  EXPECT_EQ(text, R"(before{"text":"a","marks":[],"tags":{}})");
}

TEST(JsonWriter, WritesNonFiniteNumbersOnlyWithNulls) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json::encode(std::vector<double>{infinity, -infinity, std::nan("")}, emit),
            "[Infinity,-Infinity,NaN]");
  EXPECT_THROW(json::encode(Values{.real = infinity}), EncodeError);
}

TEST(JsonWriter, RefusesEndlessNestingAndUnnamedEnumerators) {
  Chain chain;
  Chain* last = &chain;
  for (int i = 0; i < 126; ++i) last = (last->next = std::make_unique<Chain>()).get();
  EXPECT_NO_THROW(json::encode(chain));
  for (int i = 0; i < 2; ++i) last = (last->next = std::make_unique<Chain>()).get();
  EXPECT_THROW(json::encode(chain), EncodeError);
  EXPECT_EQ(json::encode(Level::high), "\"high\"");
  EXPECT_THROW(json::encode(static_cast<Level>(77)), EncodeError);
}

TEST(JsonWriter, WritesIntegersToTheirLimits) {
  EXPECT_EQ(json::encode(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(json::encode(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  for (std::int64_t power = 1; power <= 1'000'000'000'000'000'000 && power > 0; power *= 10) {
    for (const std::int64_t value : {power - 1, power, power + 1, -power}) {
      EXPECT_EQ(json::encode(value), std::to_string(value));
      if (power == 1'000'000'000'000'000'000) break;
    }
    if (power == 1'000'000'000'000'000'000) break;
  }
}

TEST(JsonWriter, WritesShortDoublesThatLookLikeDoubles) {
  const std::vector<std::pair<double, std::string>> cases{
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {0.1, "0.1"},
      {-2.5, "-2.5"},
      {100.0, "100.0"},
      {1e22, "1e22"},
      {123456.75, "123456.75"},
      {5e-324, "5e-324"},
      {1e-7, "1e-7"},
      {1.7976931348623157e308, "1.7976931348623157e308"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {0.0001, "0.0001"},
      {9007199254740993.0, "9007199254740992.0"},
      {1e15, "1000000000000000.0"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(json::encode(value), text);
}

/// Digits and exponent of a decimal text, so that texts of different layout compare.
std::pair<std::string, int> digits_of(std::string_view text) {
  std::string digits;
  int exponent = 0;
  bool behind = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == 'e') {
      int power = 0;
      const std::size_t from = i + (text[i + 1] == '+' ? 2 : 1);
      std::from_chars(text.data() + from, text.data() + text.size(), power);
      exponent += power;
      break;
    }
    if (text[i] == '.') {
      behind = true;
    } else if (text[i] != '-') {
      digits += text[i];
      exponent -= behind ? 1 : 0;
    }
  }
  while (digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return {digits, digits == "0" ? 0 : exponent};
}

template <class Float, class Bits>
void check_random_bits(std::uint64_t seed, int rounds) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < rounds; ++i) {
    const auto value = std::bit_cast<Float>(static_cast<Bits>(random()));
    if (!std::isfinite(value)) continue;
    const std::string text = json::encode(value);
    const auto back = json::decode<Float>(text);
    ASSERT_EQ(std::bit_cast<Bits>(back), std::bit_cast<Bits>(value)) << text;
    char shortest[64];
    const auto end =
        std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    const auto expected = digits_of({shortest, static_cast<std::size_t>(end - shortest)});
    const auto written = digits_of(text);
    ASSERT_EQ(written, expected) << text;
  }
}

TEST(JsonWriter, WritesTheShortestDoublesThatReadBackEqual) {
  check_random_bits<double, std::uint64_t>(1, 200'000);
}
TEST(JsonWriter, WritesTheShortestFloatsThatReadBackEqual) {
  check_random_bits<float, std::uint32_t>(2, 200'000);
}

TEST(JsonWriter, WritesDoublesAtTheEdgesOfEachExponent) {
  for (std::uint64_t exponent = 0; exponent < 2047; ++exponent) {
    for (const std::uint64_t mantissa : {0ull, 1ull, 0xfffffffffffffull, 0x8000000000000ull}) {
      const auto value = std::bit_cast<double>(exponent << 52 | mantissa);
      ASSERT_EQ(json::decode<double>(json::encode(value)), value) << json::encode(value);
      char shortest[64];
      const auto end =
          std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
      ASSERT_EQ(digits_of(json::encode(value)),
                digits_of({shortest, static_cast<std::size_t>(end - shortest)}));
    }
  }
}

}  // namespace
}  // namespace omnibus
