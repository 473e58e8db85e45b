#include "services/triples/reader.hpp"

#include <algorithm>

#include "core/tests/thrown.hpp"
#include "services/triples/tests/folder.hpp"
#include "services/triples/writer.hpp"

namespace omnibus::triples {
namespace {

constexpr std::size_t plenty = 1 << 20;

class TriplesReader : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Writer writer(file());
    writer.follow(1, {{"u", "c"}, {"u", "d"}, {"v", "c"}});
    add(writer, message("c", all()));
    add(writer, message("d", {triple("s0", "p0", "elsewhere")}));
  }
  static void add(Writer& writer, const catalogue::Triples& message) {
    const auto* one = &message;
    writer.add({&one, 1});
  }
  static std::vector<catalogue::Triple> all() {
    std::vector<catalogue::Triple> out;
    for (const char* s : {"s0", "s1"}) {
      for (const char* p : {"p0", "p1"}) {
        for (const char* o : {"o0", "o1"}) out.push_back(triple(s, p, o));
      }
    }
    return out;
  }
  static bool matches(const catalogue::TriplesQueryRequest& request, const catalogue::Triple& triple) {
    return (!request.s || request.s == triple.s) && (!request.p || request.p == triple.p) &&
           (!request.o || request.o == triple.o);
  }
  std::size_t found(catalogue::TriplesQueryRequest request) {
    request.user = "u";
    request.collection = "c";
    return Reader(file()).find(request, plenty).size();
  }
};

class EveryPattern : public TriplesReader, public testing::WithParamInterface<int> {
 protected:
  bool s() const { return (GetParam() & 1) != 0; }
  bool p() const { return (GetParam() & 2) != 0; }
  bool o() const { return (GetParam() & 4) != 0; }
};

TEST_P(EveryPattern, FindsWhatMatches) {
  catalogue::TriplesQueryRequest request{.user = "u", .collection = "c"};
  if (s()) request.s = uri("s1");
  if (p()) request.p = uri("p0");
  if (o()) request.o = literal("o1");
  auto expected = all();
  std::erase_if(expected, [&](const auto& triple) { return !matches(request, triple); });
  auto answer = Reader(file()).find(request, plenty);
  EXPECT_EQ(answer.size(), expected.size());
  EXPECT_TRUE(std::is_permutation(answer.begin(), answer.end(), expected.begin(), expected.end()));
}

TEST_P(EveryPattern, UsesAnIndexForAllItsParts) {
  sqlite::Database database(file(), format);
  auto plan = database.prepare("EXPLAIN QUERY PLAN " + query_sql(s(), p(), o()));
  ASSERT_TRUE(plan.step());
  const auto first = plan.text(3);
  EXPECT_EQ(first.rfind("SEARCH t USING ", 0), 0u) << first;
  EXPECT_TRUE(first.find("COVERING INDEX") != std::string::npos ||
              first.find("PRIMARY KEY") != std::string::npos)
      << first;
  EXPECT_NE(first.find("collection=?"), std::string::npos) << first;
  EXPECT_EQ(first.find("s=?") != std::string::npos, s()) << first;
  EXPECT_EQ(first.find("p=?") != std::string::npos, p()) << first;
  EXPECT_EQ(first.find("o=?") != std::string::npos, o()) << first;
  while (plan.step()) EXPECT_NE(plan.text(3).find("USING INTEGER PRIMARY KEY"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(TriplesReader, EveryPattern, testing::Range(0, 8));

TEST_F(TriplesReader, TellsUrisFromLiterals) {
  EXPECT_EQ(found({.o = literal("o0")}), 4u);
  EXPECT_EQ(found({.o = uri("o0")}), 0u);
}

TEST_F(TriplesReader, KeepsUsersAndCollectionsApart) {
  Reader reader(file());
  EXPECT_EQ(reader.find({.user = "u", .collection = "d"}, plenty),
            (std::vector{triple("s0", "p0", "elsewhere")}));
  EXPECT_TRUE(reader.find({.user = "v", .collection = "c"}, plenty).empty());
  EXPECT_TRUE(reader.find({.user = "u", .collection = "unknown"}, plenty).empty());
}

TEST_F(TriplesReader, KeepsToTheLimit) {
  EXPECT_EQ(found({.limit = 3}), 3u);
  EXPECT_EQ(found({.limit = 100}), 8u);
  EXPECT_EQ(code_of([&] { found({.limit = -1}); }), ErrorCode::config);
}

TEST_F(TriplesReader, TakesTenThousandForNoLimit) {
  std::vector<catalogue::Triple> many;
  for (int i = 0; i < 10001; ++i) many.push_back(triple("s", "p", std::to_string(i)));
  Writer writer(file());
  add(writer, message("c", many));
  EXPECT_EQ(found({.s = uri("s")}), 10000u);
  EXPECT_EQ(found({.s = uri("s"), .limit = 20000}), 10001u);
}

TEST_F(TriplesReader, RefusesAnAnswerThatIsTooLarge) {
  EXPECT_EQ(code_of([&] { Reader(file()).find({.user = "u", .collection = "c"}, 20); }),
            ErrorCode::too_large);
}

TEST_F(TriplesReader, KeepsAnyText) {
  const catalogue::Triple odd{
      .s = uri(""), .p = literal(std::string("a\0b", 3)), .o = uri("\xE2\x82\xAC '\"%")};
  Writer writer(file());
  add(writer, message("c", {odd}));
  const catalogue::TriplesQueryRequest request{
      .user = "u", .collection = "c", .s = odd.s, .p = odd.p, .o = odd.o};
  EXPECT_EQ(Reader(file()).find(request, plenty), std::vector{odd});
}

}  // namespace
}  // namespace omnibus::triples
