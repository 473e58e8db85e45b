#pragma once

/// The commands of the omnibus program. Each takes what follows its name on the command line and returns the
/// exit status: 0 success, 1 failure, 2 usage or configuration error. Errors that they do not report
/// themselves leave as exceptions; the dispatcher prints them as one line and maps ConfigError to 2, others
/// to 1. Threads: called once, from the main thread.

#include <string>
#include <vector>

namespace omnibus::app {

int run_gateway(const std::vector<std::string>& arguments);
int run_config_svc(const std::vector<std::string>& arguments);
int run_flow_svc(const std::vector<std::string>& arguments);
int run_chunker_recursive(const std::vector<std::string>& arguments);
int run_up(const std::vector<std::string>& arguments);

int run_send(const std::vector<std::string>& arguments);
int run_tail(const std::vector<std::string>& arguments);
int run_message(const std::vector<std::string>& arguments);
int run_topic(const std::vector<std::string>& arguments);
int run_bench(const std::vector<std::string>& arguments);
int run_store(const std::vector<std::string>& arguments);

}  // namespace omnibus::app
