// The disk that holds a store becomes full, and has space again.
#include <omnibus/log.hpp>
#include <omnibus/store.hpp>

#include "backends/embedded/tests/load/full_disk.hpp"
#include "backends/embedded/tests/small_store.hpp"

namespace omnibus::embedded::test {
namespace {

class DiskFull : public ::testing::Test {
 protected:
  /// Sends until there is no space any more; `sent` gets what was confirmed.
  void fill(driver::Producer& out) {
    for (std::optional<Error> error; !error;) {
      auto text = std::to_string(sent.size()) + std::string(1000, '.');
      error = send(out, text);
      if (!error) sent.push_back(std::move(text));
      if (!error) continue;
      EXPECT_EQ(error->code(), ErrorCode::no_space) << error->what();
      EXPECT_TRUE(error->retryable());
      EXPECT_THAT(error->what(), ::testing::HasSubstr("free space on the disk"));
    }
  }
  /// Takes and acknowledges one after the other, as many as were sent.
  void expect_all(driver::Consumer& in, CollectingSink& sink) {
    for (const auto& text : sent) {
      in.request(1);
      ASSERT_TRUE(sink.wait_for(1));
      const auto got = sink.take();
      ASSERT_EQ(got.front().body.bytes(), text);
      const auto error = acknowledge(in, {got.front().ack});
      ASSERT_FALSE(error) << error->what();
    }
    sent.clear();
  }

  TemporaryDirectory directory;
  std::vector<std::string> sent;
};

TEST_F(DiskFull, SendsFailReadingGoesOnAndWithSpaceSoDoesSending) {
  SmallStore store({directory.store()});
  CollectingSink sink;
  const auto in = store.consumer("a", sink);
  const auto out = store.producer("a", "p");
  for (int round = 0; round < 3; ++round) {
    {
      const FullDisk full;
      fill(*out);
      ASSERT_FALSE(sent.empty());
      EXPECT_EQ(send(*out, std::string(100'000, 'x'))->code(), ErrorCode::no_space);
      EXPECT_TRUE(check_store(directory.store()).sound());
      const SmallStore other({directory.store()});
      EXPECT_EQ(store.backlog("a"), sent.size()) << "neither more nor less";
      expect_all(*in, sink);
    }
    EXPECT_EQ(store.backlog("a"), 0U);
    for (int i = 0; i < 200; ++i) {
      sent.push_back(std::to_string(i) + std::string(1000, '.'));
      ASSERT_FALSE(send(*out, sent.back()));
    }
    expect_all(*in, sink);
    sent.push_back(std::string(100'000, 'x'));
    ASSERT_FALSE(send(*out, sent.back()));
    expect_all(*in, sink);
  }
  EXPECT_TRUE(check_store(directory.store()).sound());
}

TEST_F(DiskFull, AnOpeningFailsAndWithSpaceEverythingIsThere) {
  {
    SmallStore store({directory.store()});
    CollectingSink sink;
    const auto in = store.consumer("a", sink);
    const auto out = store.producer("a", "p");
    const FullDisk full;
    fill(*out);
  }
  {
    const FullDisk full;
    try {
      const SmallStore store({directory.store()});
      ADD_FAILURE() << "it opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::no_space) << error.what();
    }
    EXPECT_TRUE(check_store(directory.store()).sound()) << "that writes nothing";
  }
  SmallStore store({directory.store()});
  CollectingSink sink;
  const auto in = store.consumer("a", sink);
  expect_all(*in, sink);
}

/// What is written twice may fit once.
TEST_F(DiskFull, WhatCouldNotBeOpenedCanBeOnceThereIsSpace) {
  std::atomic<int> once = 0;
  log::set_handler([&](log::Level, std::string_view line) {
    if (line.find("a second copy could not be written") != std::string_view::npos) ++once;
  });
  for (std::size_t length = 1; length <= 40 && once == 0; ++length) {
    const TemporaryDirectory place;
    SmallStore store({place.store()});
    const std::string padding(length, '-');
    std::vector<std::unique_ptr<driver::Producer>> open;
    std::string failed;
    {
      const FullDisk full;
      for (int number = 0; failed.empty(); ++number) {
        const auto name = padding + std::to_string(number);
        try {
          open.push_back(store.producer("a", name));
        } catch (const Error& error) {
          ASSERT_EQ(error.code(), ErrorCode::no_space) << error.what();
          failed = name;
        }
      }
    }
    ASSERT_NO_THROW(open.push_back(store.producer("a", failed)));
    EXPECT_FALSE(send(*open.back(), "x"));
  }
  log::set_handler({});
  EXPECT_EQ(once, 1) << "there is nothing to be shown";
}

}  // namespace
}  // namespace omnibus::embedded::test
