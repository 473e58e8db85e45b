#include "services/librarian/object_contents.hpp"

#include <gtest/gtest.h>

#include <omnibus/base64.hpp>

#include "core/tests/thrown.hpp"
#include "services/s3/tests/object_server.hpp"

namespace omnibus::librarian {
namespace {

using namespace std::chrono_literals;

class DocumentObjects : public testing::Test {
 protected:
  s3::Address address() const {
    return {.url = server_.url(), .bucket = "library", .who = s3::ObjectServer::keys()};
  }
  ObjectContents contents_of(std::string_view library) const {
    return {address(), library, {.attempts = 2, .backoff = 1ms}};
  }

  s3::ObjectServer server_;
  ObjectContents contents_ = contents_of("mine");
};

TEST_F(DocumentObjects, ComeBackAsTheyWere) {
  for (const std::size_t size : {0u, 1u, 49151u, 49152u, 49153u, 2000000u}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7);
    const auto text = base64::encode(bytes);
    const auto id = contents_.add(text + "\r\n");
    EXPECT_EQ(server_.objects("library").at("omnibus/mine/" + id), bytes);
    EXPECT_EQ(contents_.read(id), bytes) << size;
    EXPECT_EQ(contents_.read_base64(id), text) << size;
  }
}

TEST_F(DocumentObjects, ThatAreNotBase64LeaveNothing) {
  EXPECT_CODE(contents_.add("ab=c"), ErrorCode::decode);
  EXPECT_TRUE(server_.objects("library").empty());
}

TEST_F(DocumentObjects, AreRemovedAndSweptButNotThoseOfOthers) {
  const auto theirs = contents_of("theirs").add("QQ==");
  const auto kept = contents_.add("QQ=="), removed = contents_.add("QUI="), lost = contents_.add("QUJD");
  contents_.remove(removed);
  contents_.remove(removed);
  EXPECT_EQ(contents_.sweep({kept}), 1u);
  EXPECT_EQ(contents_.read(kept), "A");
  EXPECT_CODE(contents_.read(lost), ErrorCode::not_found);
  EXPECT_CODE(contents_.read_base64(removed), ErrorCode::not_found);
  EXPECT_EQ(contents_of("theirs").read(theirs), "A");
}

TEST_F(DocumentObjects, SayThatTheStoreIsAway) {
  server_.fail_next(2, "503 Slow Down");
  EXPECT_CODE(contents_.add("QQ=="), ErrorCode::unavailable);
  EXPECT_EQ(contents_.read(contents_.add("QQ==")), "A");
}

}  // namespace
}  // namespace omnibus::librarian
