#include <omnibus/schema/reflect.hpp>

#include <any>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace omnibus::schema {
namespace {

using testing::ElementsAre;

enum class Color : std::int16_t { none = -1, red, green = 5 };
enum Plain : int { first, second };

struct Inner {
  int x = 4;
  std::string y = {};
};

struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::unique_ptr<Tree> next;
};

struct Everything {
  std::string text = "a\"b";
  std::int64_t whole = -7;
  std::uint8_t small = 200;
  bool flag = true;
  double real = 0.5;
  float single = 1;
  Bytes bytes = {};
  std::vector<std::string> list = {"x"};
  std::map<std::string, int> dict = {{"k", 1}};
  std::unordered_map<std::string, std::vector<double>> deep = {};
  Inner inner = {.x = 9};
  std::optional<Inner> maybe = std::nullopt;
  std::array<int, 2> pair = {1, 2};
  Color color = Color::green;
  Plain plain = second;
  std::vector<bool> bits = {true};
  std::shared_ptr<Inner> shared = nullptr;
};

struct Forty {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t;
  int a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, r2, s2, last;
};

struct None {};

template <class T>
struct Box {
  T item;
  int delete_ = 0;
  int plain_name_of_many_words = 0;
};

template <class T>
std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  for (const Field& field : type_of<T>().fields) all.push_back(field.name);
  return all;
}

TEST(Reflect, NamesMembersInDeclarationOrder) {
  EXPECT_THAT(names<Inner>(), ElementsAre("x", "y"));
  EXPECT_THAT(names<Tree>(), ElementsAre("name", "children", "next"));
  EXPECT_THAT(names<None>(), ElementsAre());
  EXPECT_EQ(names<Forty>().size(), 40u);
  EXPECT_EQ(names<Forty>().back(), "last");
  EXPECT_EQ(names<Everything>().size(), 17u);
}

TEST(Reflect, DropsOneTrailingUnderscoreOfAKeyword) {
  EXPECT_THAT(names<Box<int>>(), ElementsAre("item", "delete", "plain_name_of_many_words"));
}

TEST(Reflect, HandlesTypesOfFunctionsAndTemplates) {
  struct Local {
    std::string here;
    Box<std::string> box;
  };
  EXPECT_THAT(names<Local>(), ElementsAre("here", "box"));
  EXPECT_EQ(type_of<Local>().name, "Local");
  EXPECT_EQ(type_of<Box<int>>().name, "Box<int>");
  EXPECT_EQ(type_of<Tree>().name, "Tree");
}

TEST(Reflect, TellsKindsElementsAndDefaults) {
  const auto fields = type_of<Everything>().fields;
  std::vector<std::string> described;
  for (const Field& field : fields) {
    described.push_back(std::string(to_string(field.type()->kind)) + ' ' + field.default_json());
  }
  EXPECT_THAT(described,
              ElementsAre("string \"a\\\"b\"", "integer -7", "integer 200", "boolean true", "number 0.5",
                          "number 1.0", "bytes \"\"", "list [\"x\"]", "dict {\"k\":1}", "dict {}",
                          "struct {\"x\":9,\"y\":\"\"}", "optional null", "list [1,2]", "enum \"green\"",
                          "enum \"second\"", "list [true]", "optional null"));
  EXPECT_EQ(fields[11].type()->element(), &type_of<Inner>());
  EXPECT_EQ(fields[9].type()->element()->element()->kind, Kind::number);
}

TEST(Reflect, DescribesRecursiveTypes) {
  const Type& tree = type_of<Tree>();
  EXPECT_EQ(tree.fields[1].type()->element(), &tree);
  EXPECT_EQ(tree.fields[2].type()->element(), &tree);
}

TEST(Reflect, FindsEnumeratorsByScanning) {
  EXPECT_THAT(type_of<Color>().enumerators, ElementsAre("none", "red", "green"));
  EXPECT_THAT(type_of<Plain>().enumerators, ElementsAre("first", "second"));
  EXPECT_EQ(type_of<Color>().name, "Color");
}

TEST(Reflect, MakesValuesByDescriptor) {
  const Type& type = type_of<Inner>();
  void* const value = type.create();
  type.decode_json(R"({"y":"z"})", {}, value);
  std::string text;
  type.encode_json(value, {}, text);
  type.destroy(value);
  EXPECT_EQ(text, R"({"x":4,"y":"z"})");
}

TEST(Reflect, PassesRawThrough) {
  const Type& type = type_of<Raw>();
  EXPECT_EQ(type.kind, Kind::raw);
  Raw raw;
  const std::string bytes("\0\xff{", 3);
  type.decode_json(bytes, {}, &raw);
  EXPECT_EQ(raw.bytes, bytes);
  std::string text = ">";
  type.encode_json(&raw, {}, text);
  EXPECT_EQ(text, ">" + bytes);
}

TEST(Schema, IsAPlainStructOrRaw) {
  static_assert(Schema<Inner> && Schema<Raw> && Schema<Tree> && Schema<None>);
  static_assert(!Schema<int> && !Schema<std::string> && !Schema<std::vector<int>> && !Schema<Color>);
  static_assert(!Schema<std::array<int, 2>> && !Schema<std::optional<Inner>> && !Schema<Inner*>);
}

// What reflection must see through or refuse; the sentences are tested by Pitfall.*.
struct Base {};
struct WithBase : Base {
  std::any greedy;
};
struct Greedy {
  std::any greedy;
  int b;
};
struct CArray {
  int a;
  char text[8];
};
struct Bits {
  int a;
  unsigned b : 2;
};
struct Union {
  union {
    int a;
    float b;
  };
};

TEST(Pitfalls, AreToldApart) {
  static_assert(detail::is_plain_aggregate<Everything>() && detail::is_plain_aggregate<Greedy>());
  static_assert(!detail::is_plain_aggregate<WithBase>() && !detail::is_plain_aggregate<CArray>());
  static_assert(!detail::is_plain_aggregate<Bits>() && !detail::is_plain_aggregate<Union>());
  static_assert(detail::field_count<Greedy> == 2);
}

}  // namespace
}  // namespace omnibus::schema
