#pragma once

/// A store of its own for each test.

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <omnibus/catalogue/graph.hpp>

namespace omnibus::triples {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("omnibus-triples-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "sub" / "triples.sqlite"; }

 private:
  std::filesystem::path folder_;
};

inline catalogue::Value uri(const std::string& text) { return {.value = text, .is_uri = true}; }
inline catalogue::Value literal(const std::string& text) { return {.value = text, .is_uri = false}; }

inline catalogue::Triple triple(const std::string& s, const std::string& p, const std::string& o) {
  return {.s = uri(s), .p = uri(p), .o = literal(o)};
}

/// A message of user `u`.
inline catalogue::Triples message(const std::string& collection, std::vector<catalogue::Triple> triples) {
  return {.metadata = catalogue::Metadata{.id = "doc", .user = "u", .collection = collection},
          .triples = std::move(triples)};
}

}  // namespace omnibus::triples
