#include "services/gateway/json/msgpack.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

std::string bytes_of(std::string_view hex) {
  std::string result;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    result += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return result;
}

std::string packed(const json::value& value) {
  std::string out;
  to_msgpack(value, out);
  return out;
}

json::value unpacked(std::string_view bytes) {
  auto value = take_msgpack(bytes);
  EXPECT_TRUE(bytes.empty());
  return value;
}

struct Golden {
  const char* json;
  const char* hex;
};

// Source: the msgpack specification, "Formats".
constexpr Golden golden[] = {
    {"null", "c0"},
    {"false", "c2"},
    {"true", "c3"},
    {"0", "00"},
    {"127", "7f"},
    {"128", "cc80"},
    {"256", "cd0100"},
    {"65536", "ce00010000"},
    {"4294967296", "cf0000000100000000"},
    {"18446744073709551615", "cfffffffffffffffff"},
    {"-1", "ff"},
    {"-32", "e0"},
    {"-33", "d0df"},
    {"-129", "d1ff7f"},
    {"-32769", "d2ffff7fff"},
    {"-2147483649", "d3ffffffff7fffffff"},
    {"0.5", "cb3fe0000000000000"},
    {"\"a\"", "a161"},
    {R"(["t", {"m": []}])", "92a17481a16d90"},
};

TEST(Msgpack, WritesTheShortestFormAndReadsIt) {
  for (const auto& each : golden) {
    EXPECT_EQ(packed(json::parse(each.json)), bytes_of(each.hex)) << each.json;
    EXPECT_EQ(unpacked(bytes_of(each.hex)), json::parse(each.json)) << each.json;
  }
}

TEST(Msgpack, ReadsWhatItDoesNotWrite) {
  EXPECT_EQ(unpacked(bytes_of("ca3f000000")), json::value(0.5));
  EXPECT_EQ(unpacked(bytes_of("c40161")), json::value("a"));
  EXPECT_EQ(unpacked(bytes_of("d3ffffffffffffffff")), json::value(-1));
}

TEST(Msgpack, CarriesEverySize) {
  for (const std::size_t size : {0u, 15u, 16u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    json::object map;
    for (std::size_t i = 0; i < size; ++i) map[std::to_string(i)] = i;
    for (const json::value& value :
         {json::value(json::string(size, 'x')), json::value(json::array(size, nullptr)), json::value(map)}) {
      EXPECT_EQ(unpacked(packed(value)), value) << size;
    }
  }
}

TEST(Msgpack, RefusesWhatIsCutOffAnywhere) {
  const auto whole = packed(json::parse(R"(["ge", {"m": {"i": "id", "n": [300, -300, 0.5]}}])"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto part = std::string_view(whole).substr(0, size);
    EXPECT_THROW(take_msgpack(part), NotMsgpack) << size;
  }
}

TEST(Msgpack, RefusesWhatJsonDoesNotHave) {
  for (const char* hex : {"c1", "d400", "8101c0", "ddffffffff", "dfffffffff", "dbffffffff"}) {
    const auto bytes = bytes_of(hex);
    std::string_view view = bytes;
    EXPECT_THROW(take_msgpack(view), NotMsgpack) << hex;
  }
  const std::string deep(1000, '\x91');
  std::string_view view = deep;
  EXPECT_THROW(take_msgpack(view), NotMsgpack);
}

}  // namespace
}  // namespace omnibus::gateway
