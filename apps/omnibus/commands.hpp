#pragma once

/// The commands of the omnibus program. Each takes what follows its name on the command line and returns the
/// exit status. Errors that they do not report themselves leave as exceptions; the dispatcher prints them as
/// one line and ends with the status of omnibus/exit_status.hpp. Threads: called once, from the main thread.

#include <string>
#include <vector>

namespace omnibus::app {

int run_gateway(const std::vector<std::string>& arguments);
int run_config_svc(const std::vector<std::string>& arguments);
int run_flow_svc(const std::vector<std::string>& arguments);
int run_chunker_recursive(const std::vector<std::string>& arguments);
int run_chunker_token(const std::vector<std::string>& arguments);
int run_document_embeddings(const std::vector<std::string>& arguments);
int run_embeddings(const std::vector<std::string>& arguments);
int run_graph_embeddings(const std::vector<std::string>& arguments);
int run_librarian(const std::vector<std::string>& arguments);
int run_knowledge(const std::vector<std::string>& arguments);
int run_kg_store(const std::vector<std::string>& arguments);
int run_prompt(const std::vector<std::string>& arguments);
int run_text_completion(const std::vector<std::string>& arguments);
int run_triples_store(const std::vector<std::string>& arguments);
int run_triples_query(const std::vector<std::string>& arguments);
int run_metering(const std::vector<std::string>& arguments);
int run_up(const std::vector<std::string>& arguments);

int run_init(const std::vector<std::string>& arguments);
int run_send(const std::vector<std::string>& arguments);
int run_tail(const std::vector<std::string>& arguments);
int run_message(const std::vector<std::string>& arguments);
int run_topic(const std::vector<std::string>& arguments);
int run_bench(const std::vector<std::string>& arguments);
/// What follows `bench gateway`.
int run_bench_gateway(const std::vector<std::string>& arguments);
int run_store(const std::vector<std::string>& arguments);

}  // namespace omnibus::app
