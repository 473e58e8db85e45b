#include "services/librarian/folder_contents.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include <omnibus/base64.hpp>

#include "core/tests/thrown.hpp"
#include "services/sqlite/tests/folder.hpp"

namespace omnibus::librarian {
namespace {

class DocumentFolder : public testing::Test {
 protected:
  static std::string noise(std::size_t size) {
    std::mt19937 random(static_cast<std::mt19937::result_type>(size));
    std::string out(size, '\0');
    for (auto& c : out) c = static_cast<char>(random());
    return out;
  }
  std::size_t files() const {
    const std::filesystem::directory_iterator all(folder_.path() / "documents");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  sqlite::TestFolder folder_;
  FolderContents contents_{folder_.path() / "documents"};
};

TEST_F(DocumentFolder, ComeBackAsTheyWere) {
  for (const std::size_t size : {0, 1, 2, 3, 49151, 49152, 49153, 500000}) {
    const auto bytes = noise(size);
    const auto text = base64::encode(bytes);
    const auto id = contents_.add(text);
    EXPECT_EQ(contents_.read(id), bytes) << size;
    EXPECT_EQ(contents_.read_base64(id), text) << size;
  }
}

TEST_F(DocumentFolder, MayHaveWhiteSpaceAnywhere) {
  const auto bytes = noise(200000);
  std::string lines;
  for (const char c : base64::encode(bytes)) {
    lines += c;
    if (lines.size() % 77 == 76) lines += "\r\n";
  }
  EXPECT_EQ(contents_.read(contents_.add(lines + " \n")), bytes);
}

TEST_F(DocumentFolder, ThatAreNotBase64LeaveNothing) {
  const std::string much(100000, 'A');
  for (const auto& text : {std::string("a"), std::string("ab=c"), much + "?", much + "=", "QQ==" + much,
                           much.substr(0, 65532) + "QQ==" + much}) {
    EXPECT_CODE(contents_.add(text), ErrorCode::decode);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(DocumentFolder, AreRemovedAndSwept) {
  const auto kept = contents_.add("QQ=="), removed = contents_.add("QUI="), lost = contents_.add("QUJD");
  contents_.remove(removed);
  contents_.remove(removed);
  std::ofstream(folder_.path() / "documents" / "half.new") << "half";
  EXPECT_EQ(contents_.sweep({kept}), 2u);
  EXPECT_EQ(contents_.read(kept), "A");
  EXPECT_CODE(contents_.read(lost), ErrorCode::not_found);
  EXPECT_CODE(contents_.read_base64(removed), ErrorCode::not_found);
  EXPECT_EQ(files(), 1u);
}

TEST_F(DocumentFolder, SayWhereTheyCannotBeWritten) {
  std::filesystem::remove(folder_.path() / "documents");
  const auto refused = error_of([&] { contents_.add("QQ=="); });
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->message().find((folder_.path() / "documents").string()), std::string::npos);
}

}  // namespace
}  // namespace omnibus::librarian
