#include <algorithm>
#include <map>
#include <set>

#include <omnibus/error.hpp>

#include "conformance/contract.hpp"
#include "conformance/report.hpp"

namespace omnibus::conformance {
namespace {

/// The URL as the page shows it: no directory or port of the machine that ran the suite.
std::string shown(const RunReport& run) {
  std::string url = run.url;
  if (!url.starts_with("embedded:")) return "`" + url.substr(0, url.find("://") + 3) + "`";
  constexpr std::string_view placeholder = "{scratch}";
  if (const auto at = url.find(placeholder); at != std::string::npos) {
    url.replace(at, placeholder.size(), url.substr(0, at).ends_with(":///") ? "path" : "/path");
  }
  return "`" + url + "`";
}

std::string header(const std::string& first, const std::vector<RunReport>& runs) {
  std::string names = "| " + first + " |", lines = "|---|";
  for (const auto& run : runs) {
    names += " " + shown(run) + " |";
    lines += "---|";
  }
  return names + "\n" + lines + "\n";
}

/// What the cases of one row came to, for example "12 kept" or "9 kept, 2 skipped".
std::string outcome(const RunReport& run, std::string_view suite) {
  std::map<std::string, int> counts;
  for (const auto& each : run.cases) {
    if (each.suite == suite) ++counts[each.outcome];
  }
  std::string text;
  const auto add = [&](const std::string& key, const std::string& word) {
    if (counts[key] == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(counts[key]) + " " + word;
  };
  add("failed", "**failed**");
  add("passed", "kept");
  add("skipped", "skipped");
  return text.empty() ? "not tried" : text;
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("|\n", at)) != std::string::npos; at += 2) {
    text.replace(at, 1, text[at] == '|' ? "\\|" : "  ");
  }
  return text;
}

std::string promises(const std::vector<RunReport>& runs) {
  std::string text = "## Promises\n\n" + header("promise", runs);
  for (const auto& row : contract()) {
    text += "| **" + std::string(row.item) + "**: " + escaped(std::string(row.promise)) + " |";
    for (const auto& run : runs) text += " " + outcome(run, row.suite) + " |";
    text += "\n";
  }
  return text;
}

std::string features(const std::vector<RunReport>& runs) {
  std::string text = "\n## What each backend declares\n\n" + header("feature", runs);
  if (runs.empty()) return text;
  for (std::size_t i = 0; i < runs.front().features.size(); ++i) {
    text += "| `" + runs.front().features[i].feature + "` |";
    for (const auto& run : runs) {
      const auto& declared = run.features.at(i);
      text += " " + declared.support + (declared.note.empty() ? "" : ": " + escaped(declared.note)) + " |";
    }
    text += "\n";
  }
  text += "| largest message, bytes |";
  for (const auto& run : runs) text += " " + std::to_string(run.max_message_size) + " |";
  return text + "\n";
}

/// Case names of one run with an outcome, those of one reason together.
std::string listed(const RunReport& run, const std::string& title, const std::string& wanted) {
  std::map<std::string, std::string> names;
  for (const auto& each : run.cases) {
    if (each.outcome != wanted) continue;
    auto& all = names[escaped(each.reason)];
    all += (all.empty() ? "`" : ", `") + each.suite + "." + each.name + "`";
  }
  std::string text;
  for (const auto& [reason, all] : names) text += "- " + reason + ": " + all + "\n";
  return text.empty() ? "" : "\n" + title + "\n\n" + text;
}

std::string counted(const RunReport& run) {
  std::string text;
  for (const auto& each : run.cases) {
    const auto lost = each.counts.find("lost");
    if (lost == each.counts.end()) continue;
    const auto duplicated = each.counts.find("duplicated");
    text += "| `" + each.suite + "." + each.name + "` | " + lost->second + " | " +
            (duplicated == each.counts.end() ? "" : duplicated->second) + " |\n";
  }
  return text.empty() ? "" : "\nCounted:\n\n| case | lost | duplicated |\n|---|---|---|\n" + text;
}

/// A case that two parts hold could count twice, or hide its failure.
void refuse_repeated(const RunReport& run) {
  std::set<std::string> names;
  for (const auto& each : run.cases) {
    const auto name = each.suite + "." + each.name;
    if (!names.insert(name).second) {
      throw ConfigError("two files of --from hold " + name + " on " + shown(run),
                        "give parts that share no case");
    }
  }
}

/// A suite that ran on one backend in several parts counts as one run.
std::vector<RunReport> joined(const std::vector<RunReport>& parts) {
  std::vector<RunReport> runs;
  for (const auto& part : parts) {
    const auto same = std::find_if(runs.begin(), runs.end(),
                                   [&](const RunReport& run) { return shown(run) == shown(part); });
    if (same == runs.end()) {
      runs.push_back(part);
    } else {
      same->cases.insert(same->cases.end(), part.cases.begin(), part.cases.end());
    }
  }
  for (const auto& run : runs) refuse_repeated(run);
  return runs;
}

}  // namespace

std::string guarantees(const std::vector<RunReport>& parts) {
  const auto runs = joined(parts);
  std::string text =
      "# Guarantees\n\n"
      "What every backend promises, and what was tried of it. This page is made by\n"
      "`omnibus-conformance --guarantees FILE --from RUN.json …` out of runs of the conformance suite; do "
      "not edit "
      "it.\n"
      "`kept` counts the cases that passed. A case is skipped only where the backend declares that a feature "
      "is\n"
      "missing; the reasons stand below. What handlers do outside the bus is never exactly once: when a "
      "process\n"
      "dies between an effect and its acknowledgement, the message comes again and so does the effect.\n\n";
  text += promises(runs) + features(runs);
  for (const auto& run : runs) {
    text += "\n## Run on " + shown(run) + "\n\nomnibus " + run.version + ", " +
            std::to_string(run.cases.size()) + " cases, " + std::to_string(run.messages) +
            " messages in the load case.\n";
    text += counted(run) + listed(run, "Skipped:", "skipped") + listed(run, "Failed:", "failed");
  }
  return text;
}

}  // namespace omnibus::conformance
