#pragma once

/// The results of a run as a file, and the guarantees page made of such files.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace omnibus::conformance {

struct CaseResult {
  std::string suite = {};
  std::string name = {};
  std::string outcome = {};  ///< passed, failed or skipped
  std::string reason = {};   ///< why it was skipped or failed
  double seconds = 0;
  std::map<std::string, std::string> counts = {};  ///< lost, duplicated …
};

struct FeatureResult {
  std::string feature = {};
  std::string support = {};
  std::string note = {};
};

struct RunReport {
  std::string url = {};
  std::string backend = {};
  std::string version = {};
  std::int64_t messages = 0;
  std::int64_t max_message_size = 0;
  std::vector<FeatureResult> features = {};
  std::vector<CaseResult> cases = {};
};

/// Collects what GoogleTest tells. Threads: GoogleTest's.
class Recorder final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestEnd(const ::testing::TestInfo& info) override;
  /// The results so far, with what the backend declares.
  RunReport report() const;

 private:
  std::vector<CaseResult> cases_;
};

/// Errors: Error{io}.
void write_report(const RunReport& report, const std::string& path);
/// Errors: Error{io}, DecodeError.
RunReport read_report(const std::string& path);
/// The page docs/guarantees.md: what each backend declares and what was tried of it. The suite may have run
/// on one backend in several parts. Errors: ConfigError when two hold the same case.
std::string guarantees(const std::vector<RunReport>& parts);
void write_file(const std::string& path, const std::string& text);

}  // namespace omnibus::conformance
