// omnibus: one program for the services and the tools.

#include <algorithm>
#include <array>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/detail/nearest.hpp>
#include <omnibus/store.hpp>
#include <omnibus/version.hpp>

#include "commands.hpp"
#include "tool.hpp"

namespace {

using Arguments = std::vector<std::string>;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments&);
};

constexpr std::array commands{
    Command{"up", "run every service in this process, with nothing else installed", &omnibus::app::run_up},
    Command{"gateway", "HTTP and WebSocket access to the services", &omnibus::app::run_gateway},
    Command{"config-svc", "keep the configuration and push its changes", &omnibus::app::run_config_svc},
    Command{"flow-svc", "start and stop flows", &omnibus::app::run_flow_svc},
    Command{"chunker-recursive", "split documents into overlapping chunks",
            &omnibus::app::run_chunker_recursive},
    Command{"chunker-token", "split documents into chunks of so many tokens",
            &omnibus::app::run_chunker_token},
    Command{"librarian", "keep documents and collections, hand documents to flows",
            &omnibus::app::run_librarian},
    Command{"knowledge", "keep knowledge cores and load them into flows", &omnibus::app::run_knowledge},
    Command{"kg-store", "keep what flows find as knowledge cores", &omnibus::app::run_kg_store},
    Command{"prompt", "fill prompt templates in and ask a language model", &omnibus::app::run_prompt},
    Command{"text-completion", "ask a model behind an OpenAI-compatible endpoint",
            &omnibus::app::run_text_completion},
    Command{"embeddings", "ask an OpenAI-compatible endpoint or Ollama for the vector of a text",
            &omnibus::app::run_embeddings},
    Command{"document-embeddings", "add vectors to chunks", &omnibus::app::run_document_embeddings},
    Command{"graph-embeddings", "add vectors to entities", &omnibus::app::run_graph_embeddings},
    Command{"triples-store", "keep the triples of flows in a file", &omnibus::app::run_triples_store},
    Command{"triples-query", "find triples in that file", &omnibus::app::run_triples_query},
    Command{"metering", "count the tokens of models and what they cost", &omnibus::app::run_metering},
    Command{"init", "make the tenants and namespaces that a broker needs", &omnibus::app::run_init},
    Command{"send", "send JSON lines from standard input to a queue", &omnibus::app::run_send},
    Command{"tail", "print the messages of a queue as JSON lines", &omnibus::app::run_tail},
    Command{"message", "list, show and convert message types", &omnibus::app::run_message},
    Command{"topic", "print a broker's own name for a queue", &omnibus::app::run_topic},
    Command{"bench", "measure throughput or latency through a broker", &omnibus::app::run_bench},
    Command{"store", "look inside an embedded store, check, compact and export it", &omnibus::app::run_store},
};

void print_help(std::ostream& out) {
  out << "omnibus " OMNIBUS_VERSION
         " - typed publish/subscribe over any broker\n\n"
         "Usage: omnibus COMMAND [OPTION...]\n\nCommands:\n";
  for (const auto& command : commands) {
    out << "  " << command.name << std::string(20 - command.name.size(), ' ') << command.summary << '\n';
  }
  out << "\n  omnibus COMMAND --help tells more. Try: omnibus up\n\n"
      << omnibus::app::exit_status_help({.failed = "the work failed; one line on standard error says why"});
}

[[noreturn]] void unknown(const std::string& name) {
  std::vector<std::string_view> names;
  names.reserve(std::size(commands));
  for (const auto& command : commands) names.push_back(command.name);
  const auto near = omnibus::detail::nearest(name, names);
  throw omnibus::ConfigError(
      "unknown command '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"),
      "omnibus --help lists the commands");
}

/// What stands before the first command, or instead of one.
int run_general(const Arguments& arguments) {
  if (arguments.empty()) {
    print_help(std::cerr);
    return omnibus::exit_usage;
  }
  const auto& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
  } else if (name == "--version" || name == "version") {
    std::cout << "omnibus " OMNIBUS_VERSION "\n";
  } else {
    unknown(name);
  }
  return omnibus::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  omnibus::install_store_signals();
  const Arguments arguments(argv + 1, argv + argc);
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const auto& command) {
    return !arguments.empty() && command.name == arguments.front();
  });
  if (found == commands.end())
    return omnibus::app::guarded("omnibus", [&] { return run_general(arguments); });
  return omnibus::app::guarded("omnibus " + arguments.front(),
                               [&] { return found->run(Arguments(arguments.begin() + 1, arguments.end())); });
}
