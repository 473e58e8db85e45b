#include "services/json/python_text.hpp"

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

namespace omnibus::json {
namespace {

TEST(PythonText, DumpsAsPythonsStandardWriter) {
  EXPECT_EQ(dump(parse(R"({"b":[1,-2,0.5],"a":{"x":null},"t":true})", "test")),
            R"({"b": [1, -2, 0.5], "a": {"x": null}, "t": true})");
  EXPECT_EQ(dump(parse("[]", "test")), "[]");
  EXPECT_EQ(dump(parse("{}", "test")), "{}");
}

TEST(PythonText, DumpsAsciiOnly) {
  EXPECT_EQ(dump(parse(R"(["\u00e9\ud83d\ude80\u65e5", "a\"\\\n\u0001\u007f/"])", "test")),
            "[\"\\u00e9\\ud83d\\ude80\\u65e5\", \"a\\\"\\\\\\n\\u0001\x7f/\"]");
}

TEST(PythonText, KeepsTheOrderOfKeysAndTheLastOfDuplicates) {
  EXPECT_EQ(dump(parse(R"({"z":1,"a":2,"z":3})", "test")), R"({"z": 3, "a": 2})");
}

TEST(PythonText, PrintsValuesAsPythonsStr) {
  EXPECT_EQ(python_text("text as it is"), "text as it is");
  EXPECT_EQ(python_text(true), "True");
  EXPECT_EQ(python_text(nullptr), "None");
  EXPECT_EQ(python_text(12), "12");
  EXPECT_EQ(python_text(parse(R"(["a", 1, {"k": false}])", "test")), "['a', 1, {'k': False}]");
  EXPECT_EQ(python_text(parse(R"(["it's"])", "test")), "[\"it's\"]");
}

TEST(PythonText, PrintsDoublesAsPythonsRepr) {
  EXPECT_EQ(python_number(0.3), "0.3");
  EXPECT_EQ(python_number(1), "1.0");
  EXPECT_EQ(python_number(-0.0), "-0.0");
  EXPECT_EQ(python_number(1e-7), "1e-07");
  EXPECT_EQ(python_number(0.0001), "0.0001");
  EXPECT_EQ(python_number(1e15), "1000000000000000.0");
  EXPECT_EQ(python_number(1e16), "1e+16");
  EXPECT_EQ(python_number(1.5e300), "1.5e+300");
}

TEST(PythonText, NamesWhatCouldNotBeParsed) {
  try {
    parse("{\"a\":", "blueprint 'demo'");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("blueprint 'demo': not JSON"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(parse("1 2", "x"), ConfigError);
  EXPECT_THROW(parse(std::string(100000, '['), "x"), ConfigError);
}

}  // namespace
}  // namespace omnibus::json
