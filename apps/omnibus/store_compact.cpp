// omnibus store compact: makes a store smaller.

#include <iostream>

#include <fmt/format.h>
#include <omnibus/store.hpp>

#include "progress.hpp"
#include "store.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

void print(const StoreCompaction& done) {
  std::cout << fmt::format("copied       {} forward, {}\n", counted(done.copied, "message", "messages"),
                           readable_size(done.copied_bytes));
  std::cout << fmt::format("freed        {}, {}\n", counted(done.removed_segments, "segment", "segments"),
                           readable_size(done.removed_segment_bytes));
  std::cout << fmt::format("             {}, {}\n", counted(done.removed_bodies, "body file", "body files"),
                           readable_size(done.removed_body_bytes));
  std::cout << fmt::format("left         {}, {}; {}\n", counted(done.segments, "segment", "segments"),
                           readable_size(done.log_bytes), counted(done.bodies, "body file", "body files"));
}

}  // namespace

int compact_store(const StoreRequest& request) {
  Progress progress("omnibus store compact");
  const auto done = omnibus::compact_store(
      request.path, [&progress](std::uint64_t bytes, std::uint64_t total) { progress.show(bytes, total); });
  progress.finish();
  print(done);
  if (!done.complete) {
    throw Error(ErrorCode::timeout, "segments are left that another process has not yet let go",
                {.hint = "a process that uses the store may be stopped; try again"});
  }
  return verdict_on(request.path, done.unreadable,
                    counted(done.unreadable, "message was lost", "messages were lost") + " and left out",
                    "omnibus store check tells more");
}

}  // namespace omnibus::app
