#include "conformance/report.hpp"

#include <fstream>
#include <sstream>

#include <omnibus/json.hpp>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

CaseResult result_of(const ::testing::TestInfo& info) {
  const auto& result = *info.result();
  CaseResult found{.suite = info.test_suite_name(),
                   .name = info.name(),
                   .outcome = result.Skipped()  ? "skipped"
                              : result.Failed() ? "failed"
                                                : "passed",
                   .seconds = static_cast<double>(result.elapsed_time()) / 1000};
  for (int i = 0; i < result.total_part_count(); ++i) {
    const auto& part = result.GetTestPartResult(i);
    if (found.reason.empty() && !part.passed()) found.reason = part.message();
  }
  for (int i = 0; i < result.test_property_count(); ++i) {
    found.counts[result.GetTestProperty(i).key()] = result.GetTestProperty(i).value();
  }
  return found;
}

}  // namespace

void Recorder::OnTestEnd(const ::testing::TestInfo& info) { cases_.push_back(result_of(info)); }

RunReport Recorder::report() const {
  const auto harness = Harness::make(options().url);
  auto bus = connect(harness->url());
  const auto& declared = bus.features();
  RunReport all{.url = options().url,
                .backend = std::string(bus.backend()),
                .version = OMNIBUS_VERSION,
                .messages = static_cast<std::int64_t>(options().messages),
                .max_message_size = static_cast<std::int64_t>(declared.max_message_size),
                .cases = cases_};
  for (std::size_t i = 0; i < driver::feature_count; ++i) {
    const auto feature = static_cast<Feature>(i);
    all.features.push_back({.feature = std::string(to_string(feature)),
                            .support = std::string(to_string(declared[feature].support)),
                            .note = declared[feature].note});
  }
  return all;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw Error(ErrorCode::io, "cannot write " + path, {.hint = "does its folder exist?"});
}

void write_report(const RunReport& report, const std::string& path) {
  write_file(path, json::encode(report) + "\n");
}

RunReport read_report(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) throw Error(ErrorCode::io, "cannot read " + path, {.hint = "write it with --json"});
  return json::decode<RunReport>(text.str());
}

}  // namespace omnibus::conformance
