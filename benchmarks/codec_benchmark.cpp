/// The codec beside nlohmann, rapidjson and simdjson. After Google Benchmark's own lines comes a table of
/// ratios, taken from the fastest repetition of each.
///
///     codec_benchmark --benchmark_repetitions=5 --benchmark_min_time=0.1
///     --benchmark_enable_random_interleaving=true

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include <benchmark/benchmark.h>

#include "codecs.hpp"

namespace omnibus::benchmark {

namespace {

using ::benchmark::State;

template <class Codec, class T>
void run_encode(State& state, const T& value) {
  std::string out;
  for (auto _ : state) {
    Codec::encode(value, out);
    ::benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
}

template <class Codec, class T>
void run_decode(State& state, const T& value) {
  std::string text;
  Omnibus::encode(value, text);
  for (auto _ : state) {
    T made;
    Codec::decode(text, made);
    ::benchmark::DoNotOptimize(&made);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

template <class T>
void add(const std::string& shape, const T& value) {
  const auto named = [&shape](const char* step, const char* codec) {
    return shape + '/' + step + '/' + codec;
  };
  const auto encode = [&]<class Codec>(const char* codec) {
    ::benchmark::RegisterBenchmark(named("encode", codec).c_str(),
                                   [value](State& state) { run_encode<Codec>(state, value); });
  };
  const auto decode = [&]<class Codec>(const char* codec) {
    ::benchmark::RegisterBenchmark(named("decode", codec).c_str(),
                                   [value](State& state) { run_decode<Codec>(state, value); });
  };
  encode.template operator()<Omnibus>("omnibus");
  encode.template operator()<Nlohmann>("nlohmann");
  encode.template operator()<Rapidjson>("rapidjson");
  decode.template operator()<Omnibus>("omnibus");
  decode.template operator()<Nlohmann>("nlohmann");
  decode.template operator()<Rapidjson>("rapidjson");
  decode.template operator()<Simdjson>("simdjson");
}

/// Prints as usual and keeps the fastest time of each benchmark.
class Reporter : public ::benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const double time = run.GetAdjustedCPUTime();
      const auto [at, added] = fastest_.try_emplace(run.run_name.function_name, time);
      if (!added) at->second = std::min(at->second, time);
    }
  }

  void print_ratios() const {
    std::printf("\n%-20s %12s %12s %12s %12s\n", "ns, then x slower", "omnibus", "nlohmann", "rapidjson",
                "simdjson");
    for (const char* shape : {"chat", "triples", "embedding", "document"}) {
      for (const char* step : {"encode", "decode"}) {
        const std::string row = std::string(shape) + '/' + step;
        const auto own = fastest_.find(row + "/omnibus");
        if (own == fastest_.end()) continue;
        std::printf("%-20s %12.0f", row.c_str(), own->second);
        for (const char* codec : {"nlohmann", "rapidjson", "simdjson"}) {
          const auto other = fastest_.find(row + '/' + codec);
          if (other == fastest_.end()) {
            std::printf(" %12s", "-");
          } else {
            std::printf(" %11.1fx", other->second / own->second);
          }
        }
        std::printf("\n");
      }
    }
  }

 private:
  std::map<std::string, double> fastest_;
};

}  // namespace

}  // namespace omnibus::benchmark

int main(int argc, char** argv) {
  using namespace omnibus::benchmark;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add("chat", make_chat());
  add("triples", make_facts());
  add("embedding", make_embedding());
  add("document", make_document());
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return 0;
}
