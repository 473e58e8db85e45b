#include "services/triples/writer.hpp"

#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "core/tests/thrown.hpp"
#include "services/triples/reader.hpp"
#include "services/triples/tests/folder.hpp"

namespace omnibus::triples {
namespace {

class TriplesWriter : public StoreTest {
 protected:
  static Written add(Writer& writer, const catalogue::Triples& message) {
    const auto* one = &message;
    return writer.add({&one, 1}).at(0);
  }
  std::size_t found(const std::string& collection) {
    return Reader(file()).find({.user = "u", .collection = collection}, 1000).size();
  }
  std::int64_t count(const std::string& table) {
    sqlite::Database database(file(), format);
    auto rows = database.prepare("SELECT count(*) FROM " + table);
    rows.step();
    return rows.integer(0);
  }
  /// Runs a statement on the file without the store's own code.
  void alter(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
};

TEST_F(TriplesWriter, StoresWhatComesAgainOnce) {
  Writer writer(file());
  writer.follow(1, {{"u", "c"}});
  const auto two = message("c", {triple("a", "b", "c"), triple("a", "b", "d")});
  EXPECT_EQ(add(writer, two).fresh, 2u);
  const auto again = add(writer, two);
  EXPECT_EQ(again.fresh, 0u);
  EXPECT_EQ(again.known, 2u);
  EXPECT_EQ(found("c"), 2u);
}

TEST_F(TriplesWriter, RefusesAnUnknownCollectionAlone) {
  Writer writer(file());
  writer.follow(1, {{"u", "c"}});
  const auto good = message("c", {triple("a", "b", "c")}), bad = message("d", {triple("a", "b", "c")});
  const std::vector<const catalogue::Triples*> both{&bad, &good};
  const auto written = writer.add(both);
  EXPECT_TRUE(written.at(0).unknown_collection);
  EXPECT_FALSE(written.at(1).unknown_collection);
  EXPECT_EQ(found("c"), 1u);
  EXPECT_EQ(found("d"), 0u);
}

TEST_F(TriplesWriter, ForgetsACollectionThatIsGone) {
  Writer writer(file());
  writer.follow(1, {{"u", "c"}, {"u", "d"}});
  add(writer, message("c", {triple("a", "b", "c"), triple("a", "b", "d")}));
  add(writer, message("d", {triple("a", "b", "e")}));
  EXPECT_TRUE(writer.follow(2, {{"u", "d"}}));
  EXPECT_EQ(found("c"), 0u);
  EXPECT_TRUE(add(writer, message("c", {triple("a", "b", "c")})).unknown_collection);
  while (writer.sweep(1)) {
  }
  EXPECT_EQ(count("triple"), 1);
  EXPECT_EQ(count("term"), 3);
  EXPECT_EQ(count("collection"), 1);
  EXPECT_EQ(found("d"), 1u);
}

TEST_F(TriplesWriter, BeginsACollectionAnewAfterItsDeletion) {
  Writer writer(file());
  writer.follow(1, {{"u", "c"}});
  add(writer, message("c", {triple("a", "b", "old")}));
  writer.follow(2, {});
  writer.follow(3, {{"u", "c"}});
  EXPECT_EQ(found("c"), 0u);
  add(writer, message("c", {triple("a", "b", "new")}));
  while (writer.sweep(1)) {
  }
  EXPECT_EQ(found("c"), 1u);
}

TEST_F(TriplesWriter, DeletesNothingByAnOlderConfiguration) {
  Writer ahead(file()), behind(file());
  behind.follow(4, {{"u", "a"}});
  ahead.follow(5, {{"u", "a"}, {"u", "b"}});
  add(ahead, message("b", {triple("a", "b", "c")}));
  EXPECT_FALSE(behind.follow(4, {{"u", "a"}}));
  EXPECT_EQ(found("b"), 1u);
  EXPECT_TRUE(behind.follow(4, {{"u", "a"}, {"u", "b"}}));
  EXPECT_TRUE(behind.follow(6, {{"u", "a"}}));
  EXPECT_EQ(found("b"), 0u);
}

TEST_F(TriplesWriter, LetsSeveralShareTheFile) {
  Writer first(file()), second(file());
  first.follow(1, {{"u", "c"}});
  const auto load = [](Writer& writer, const std::string& name) {
    for (int i = 0; i < 50; ++i) add(writer, message("c", {triple(name, "p", std::to_string(i))}));
  };
  std::jthread other([&] { load(second, "b"); });
  load(first, "a");
  other.join();
  EXPECT_EQ(found("c"), 100u);
}

TEST_F(TriplesWriter, RefusesWhatSaysNotWhoseItIsOrLacksAPart) {
  EXPECT_EQ(code_of([] { check({.triples = {triple("a", "b", "c")}}); }), ErrorCode::config);
  auto lacking = message("c", {triple("a", "b", "c"), triple("a", "b", "c")});
  lacking.triples[1].p = std::nullopt;
  try {
    check(lacking);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "triple 1 of document 'doc' has no predicate");
  }
}

TEST_F(TriplesWriter, RefusesAFileThatIsNoDatabase) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(4096, 'x');
  EXPECT_EQ(code_of([&] { Writer writer(file()); }), ErrorCode::corrupt);
}

TEST_F(TriplesWriter, RefusesAnotherProgramsDatabase) {
  std::filesystem::create_directories(file().parent_path());
  alter("CREATE TABLE own (x)");
  EXPECT_EQ(code_of([&] { Writer writer(file()); }), ErrorCode::config);
  EXPECT_EQ(code_of([&] { Reader reader(file()); }), ErrorCode::config);
}

TEST_F(TriplesWriter, RefusesACutFile) {
  {
    Writer writer(file());
    writer.follow(1, {{"u", "c"}});
  }
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) / 2);
  EXPECT_EQ(code_of([&] { Writer writer(file()); }), ErrorCode::corrupt);
}

TEST_F(TriplesWriter, RefusesANewerFormat) {
  { const Writer writer(file()); }
  alter("PRAGMA user_version=9");
  EXPECT_EQ(code_of([&] { Writer writer(file()); }), ErrorCode::config);
}

TEST(CollectionsOf, SplitsKeysAtTheFirstColon) {
  const framework::Configuration configuration{
      {"collection", {{"u:c", "{}"}, {"u:a:b", "no JSON"}, {"none", "{}"}}}, {"other", {{"x:y", "{}"}}}};
  EXPECT_EQ(collections_of(configuration), (std::set<Collection>{{"u", "c"}, {"u", "a:b"}}));
  EXPECT_TRUE(collections_of({}).empty());
}

}  // namespace
}  // namespace omnibus::triples
