/// omnibus-conformance: tries every promise of the contract on one broker.

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include <omnibus/omnibus.hpp>

#include "backends/registry.hpp"
#include "conformance/contract.hpp"
#include "conformance/options.hpp"
#include "conformance/report.hpp"
#include "conformance/worker.hpp"

namespace omnibus::conformance {
namespace {

constexpr int passed = 0, failed = 1, misused = 2;

Settings parse(const std::vector<std::string>& arguments) {
  Flags flags;
  flags
      .text("pubsub-url", "the broker; {scratch} in it stands for a fresh directory of each case",
            "embedded://", "PUBSUB_URL")
      .text("filter", "run these cases only, in GoogleTest's form: 'Order.*:Close.*-*Kill*'", "*")
      .flag("list", "print the cases by row of the contract and end")
      .integer("messages", "messages of the load case", 100'000)
      .integer("consumers", "consumers of the idle case", 10'000)
      .integer("kills", "kills in each case that kills at random; of relays ten times as many", 3)
      .integer("outages", "how often the broker is killed under load", 2)
      .integer("cuts", "how often connections are cut under load", 1)
      .duration("freeze", "how long the broker is frozen under load", "3s")
      .integer("seed", "of what is random; 0 takes a new one", 0)
      .duration("patience", "longest wait for what must happen", "20s")
      .text("restart-command",
            "stops and starts the broker: run with 'stop', 'start', 'kill' (-9), 'freeze' (SIGSTOP) or "
            "'thaw' appended",
            "")
      .text("bad-credentials-url", "a URL that the broker must refuse because of its credentials", "")
      .text("bad-certificate-url", "a URL whose broker must not be trusted", "")
      .text("json", "write the results to this file", "")
      .text("guarantees", "write the guarantees page made of the files of --from and end", "")
      .list("from", "a file that --json wrote");
  return Settings::parse(
      {.program = "omnibus-conformance",
       .summary = "Tries every promise of the contract on one broker.",
       .id = "conformance",
       .common = Settings::Common::none,
       .default_url = "embedded://",
       .epilogue = "Exit status: 0 all cases passed or were skipped for a missing feature, 1 a case "
                   "failed, 2 wrong usage."},
      arguments, flags);
}

void apply(const Settings& settings) {
  auto& wanted = options();
  wanted.url = settings.text("pubsub-url");
  wanted.messages = static_cast<std::size_t>(settings.integer("messages"));
  wanted.consumers = static_cast<std::size_t>(settings.integer("consumers"));
  wanted.rounds = static_cast<std::size_t>(settings.integer("kills"));
  wanted.outages = static_cast<std::size_t>(settings.integer("outages"));
  wanted.cuts = static_cast<std::size_t>(settings.integer("cuts"));
  wanted.freeze = settings.duration("freeze");
  wanted.seed = static_cast<std::uint64_t>(settings.integer("seed"));
  wanted.patience = settings.duration("patience");
  wanted.bad_credentials_url = settings.text("bad-credentials-url");
  wanted.bad_certificate_url = settings.text("bad-certificate-url");
  wanted.broker_command = settings.text("restart-command");
  if (wanted.seed == 0) wanted.seed = std::random_device{}();
}

void list_cases() {
  const auto& unit = *::testing::UnitTest::GetInstance();
  for (const auto& row : contract()) {
    std::cout << row.item << ": " << row.promise << '\n';
    for (int i = 0; i < unit.total_test_suite_count(); ++i) {
      const auto& suite = *unit.GetTestSuite(i);
      if (suite.name() != row.suite) continue;
      for (int j = 0; j < suite.total_test_count(); ++j) {
        std::cout << "  " << suite.name() << '.' << suite.GetTestInfo(j)->name() << '\n';
      }
    }
  }
}

/// What no case could work with. Errors: ConfigError, once instead of in every case.
void check_scheme(const std::string& url) {
  const auto scheme = url.substr(0, url.find("://"));
  std::string known;
  for (const auto& entry : backends::known()) {
    if (entry.scheme == scheme && entry.open != nullptr) return;
    if (entry.open != nullptr) known += (known.empty() ? "" : ", ") + std::string(entry.scheme) + "://";
  }
  throw ConfigError("--pubsub-url: '" + redacted(url) + "' is none of this build", "it has " + known);
}

int run(const Settings& settings) {
  apply(settings);
  check_scheme(options().url);
  ::testing::GTEST_FLAG(filter) = settings.text("filter");
  auto* recorder = new Recorder;  // GoogleTest owns it
  ::testing::UnitTest::GetInstance()->listeners().Append(recorder);
  std::cout << "omnibus-conformance on " << options().url << ", seed " << options().seed << std::endl;
  const int status = RUN_ALL_TESTS();
  if (::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    throw ConfigError("--filter '" + settings.text("filter") + "' names no case", "--list prints them");
  }
  if (const auto file = settings.text("json"); !file.empty()) write_report(recorder->report(), file);
  return status == 0 ? passed : failed;
}

int write_guarantees(const Settings& settings) {
  std::vector<RunReport> runs;
  for (const auto& file : settings.list("from")) runs.push_back(read_report(file));
  if (runs.empty()) throw ConfigError("--guarantees needs at least one --from", "write one with --json");
  write_file(settings.text("guarantees"), guarantees(runs));
  return passed;
}

int conformance(const std::vector<std::string>& arguments, bool discovery) {
  if (const auto gaps = contract_gaps(); !gaps.empty()) {
    for (const auto& gap : gaps) std::cerr << "omnibus-conformance: " << gap << '\n';
    return failed;
  }
  if (discovery) return RUN_ALL_TESTS();
  const auto settings = parse(arguments);
  if (settings.flag("list")) {
    list_cases();
    return passed;
  }
  return settings.text("guarantees").empty() ? run(settings) : write_guarantees(settings);
}

}  // namespace
}  // namespace omnibus::conformance

int main(int argc, char** argv) {
  using namespace omnibus;
  if (argc > 2 && std::string_view(argv[1]) == "--worker") {
    return conformance::run_worker({argv + 2, argv + argc});
  }
  const std::string filter = ::testing::GTEST_FLAG(filter);
  ::testing::InitGoogleTest(&argc, argv);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  // What ctest asks for with GoogleTest's own flag goes before the default of --filter.
  if (::testing::GTEST_FLAG(filter) != filter)
    arguments.push_back("--filter=" + ::testing::GTEST_FLAG(filter));
  try {
    return conformance::conformance(arguments, ::testing::GTEST_FLAG(list_tests));
  } catch (const Settings::Exit& exit) {
    std::cout << exit.text;
    return exit.status;
  } catch (const ConfigError& error) {
    std::cerr << "omnibus-conformance: " << error.what() << '\n';
    return conformance::misused;
  } catch (const std::exception& error) {
    std::cerr << "omnibus-conformance: " << error.what() << '\n';
    return conformance::failed;
  }
}
