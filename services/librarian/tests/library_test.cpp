#include "services/librarian/library.hpp"

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "services/sqlite/tests/folder.hpp"

namespace omnibus::librarian {
namespace {

using catalogue::DocumentMetadata;
using catalogue::ProcessingMetadata;

class LibraryTest : public testing::Test {
 protected:
  static DocumentMetadata document(std::string id) {
    return {.id = std::move(id),
            .time = 5,
            .kind = "text/plain",
            .title = "A \"title\"\n",
            .metadata = {{.s = catalogue::Value{"s", true}, .o = catalogue::Value{"o"}}},
            .user = "u",
            .tags = {{"t"}}};
  }
  void reopen() {
    library_.reset();
    library_.emplace(file_);
  }

  sqlite::TestFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "library.sqlite";
  std::optional<Library> library_{std::in_place, file_};
};

TEST_F(LibraryTest, KeepsDocuments) {
  library_->add({document("b"), "c1"}, "r1");
  library_->add({document("a"), "c2"}, "r2");
  reopen();
  const auto stored = library_->document("u", "b");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->metadata, document("b"));
  EXPECT_EQ(stored->content, "c1");
  EXPECT_EQ(library_->documents("u"), (std::vector{document("a"), document("b")}));
  EXPECT_TRUE(library_->documents("other").empty());
  EXPECT_EQ(library_->contents(), (std::set<std::string>{"c1", "c2"}));
  EXPECT_TRUE(library_->answered("r1") && library_->answered("r2"));
  EXPECT_FALSE(library_->answered("r3"));
}

TEST_F(LibraryTest, GivesNullTagsBackEmpty) {
  auto untagged = document("a");
  untagged.tags.reset();
  library_->add({untagged, "c1"}, "");
  EXPECT_EQ(library_->document("u", "a")->metadata.tags, std::vector<std::string>{});
  EXPECT_EQ(library_->documents("u").at(0).tags, std::vector<std::string>{});
}

TEST_F(LibraryTest, KeepsItsName) {
  const auto name = library_->name();
  EXPECT_EQ(name.size(), 36u);
  reopen();
  EXPECT_EQ(library_->name(), name);
}

TEST_F(LibraryTest, ChangesDocuments) {
  library_->add({document("a"), "c1"}, "r1");
  auto changed = document("a");
  changed.title = "other";
  library_->update(changed, "r2");
  EXPECT_EQ(library_->document("u", "a")->metadata, changed);
  EXPECT_EQ(library_->document("u", "a")->content, "c1");
  library_->remove_document("u", "a", "r3");
  EXPECT_FALSE(library_->document("u", "a"));
  EXPECT_TRUE(library_->answered("r2") && library_->answered("r3"));
}

TEST_F(LibraryTest, MarksNoRequestWhoseChangeFailed) {
  library_->add({document("a"), "c1"}, "r1");
  EXPECT_THROW(library_->add({document("a"), "c2"}, "r2"), omnibus::Error);
  EXPECT_FALSE(library_->answered("r2"));
  EXPECT_EQ(library_->document("u", "a")->content, "c1");
}

TEST_F(LibraryTest, KeepsProcessing) {
  const ProcessingMetadata first{.id = "p2",
                                 .document_id = "a",
                                 .flow = "f",
                                 .user = "u",
                                 .collection = "c",
                                 .tags = std::vector<std::string>{}};
  auto second = first;
  second.id = "p1";
  library_->add(first, "r1");
  library_->add(second, "r2");
  reopen();
  EXPECT_TRUE(library_->has_processing("u", "p1"));
  EXPECT_FALSE(library_->has_processing("other", "p1"));
  EXPECT_EQ(library_->processing("u"), (std::vector{second, first}));
  library_->remove_processing("u", "p1", "r3");
  EXPECT_EQ(library_->processing("u"), std::vector{first});
}

}  // namespace
}  // namespace omnibus::librarian
