// The triples store's file: how much a transaction shared by several messages gains, and a query of one
// subject.
//
//   TMPDIR=/a/real/disk triples_benchmark

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "services/triples/reader.hpp"
#include "services/triples/writer.hpp"

namespace omnibus::triples {
namespace {

constexpr int triples_per_message = 20;

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / ("triples-benchmark-" + std::to_string(::getpid()))) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path file() const { return path_ / "triples.sqlite"; }

 private:
  const std::filesystem::path path_;
};

catalogue::Triples message(std::size_t number) {
  catalogue::Triples out{.metadata = catalogue::Metadata{.user = "u", .collection = "c"}};
  const catalogue::Value subject{"http://example.org/s/" + std::to_string(number), true};
  for (int i = 0; i < triples_per_message; ++i) {
    out.triples.push_back({.s = subject,
                           .p = catalogue::Value{"http://example.org/p/" + std::to_string(i), true},
                           .o = catalogue::Value{"object " + std::to_string(number + i), false}});
  }
  return out;
}

/// Items are triples; range(0): messages of a transaction.
void store(benchmark::State& state) {
  const Folder folder;
  Writer writer(folder.file());
  writer.follow(1, {{"u", "c"}});
  const auto batch = static_cast<std::size_t>(state.range(0));
  std::size_t number = 0;
  for (auto turn : state) {
    std::vector<catalogue::Triples> messages;
    std::vector<const catalogue::Triples*> pointers;
    for (std::size_t i = 0; i < batch; ++i) messages.push_back(message(number++));
    for (const auto& each : messages) pointers.push_back(&each);
    benchmark::DoNotOptimize(writer.add(pointers));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number) * triples_per_message);
}
BENCHMARK(store)->Arg(1)->Arg(8)->Arg(32)->Arg(128)->UseRealTime();

/// range(0): messages in the store.
void find_subject(benchmark::State& state) {
  const Folder folder;
  Writer writer(folder.file());
  writer.follow(1, {{"u", "c"}});
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<catalogue::Triples> messages;
  std::vector<const catalogue::Triples*> pointers;
  for (std::size_t i = 0; i < count; ++i) messages.push_back(message(i));
  for (const auto& each : messages) pointers.push_back(&each);
  writer.add(pointers);
  Reader reader(folder.file());
  std::size_t number = 0;
  for (auto turn : state) {
    const catalogue::TriplesQueryRequest request{
        .user = "u", .collection = "c", .s = messages[number++ % count].triples[0].s};
    benchmark::DoNotOptimize(reader.find(request, 1 << 20));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}
BENCHMARK(find_subject)->Arg(100)->Arg(10000)->UseRealTime();

}  // namespace
}  // namespace omnibus::triples

BENCHMARK_MAIN();
