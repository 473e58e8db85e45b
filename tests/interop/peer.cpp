// The omnibus half of the request/response tests, on the framework as services use it:
//
//   omnibus-interop-peer ask REQUEST-QUEUE RESPONSE-QUEUE < requests     one JSON array of answers per line
//   of input omnibus-interop-peer answer                                          a flow processor, id
//   text-completion
//
// The processor answers as llm_service.py does.

#include <iostream>
#include <sstream>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/framework/framework.hpp>
#include <omnibus/json.hpp>
#include <omnibus/omnibus.hpp>

namespace omnibus::interop {
namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;
using namespace std::chrono_literals;

class TextCompletion : public framework::FlowProcessor {
 public:
  TextCompletion(Bus bus, Settings settings) : FlowProcessor(std::move(bus), std::move(settings)) {
    add<framework::ConsumerSpec<TextCompletionRequest>>("request",
                                                        framework::Handler<TextCompletionRequest>(answer), 4);
    add<framework::ProducerSpec<TextCompletionResponse>>("response");
    add<framework::ParameterSpec>("model");
  }

 private:
  static void answer(const Message<TextCompletionRequest>& message, const framework::Context& context) {
    const auto& request = message.value();
    const auto model = context.in->parameter("model").value_or("echo");
    const auto length = static_cast<std::int64_t>(request.prompt.size());
    const auto send = [&](const TextCompletionResponse& response) {
      context.in->producer<TextCompletionResponse>("response").send(response, message.properties());
    };
    if (request.prompt == "FAIL") {
      send({.error = catalogue::Error{.type = "llm-error", .message = "the model failed"},
            .end_of_stream = true});
    } else if (!request.streaming) {
      send({.response = request.system + "::" + request.prompt,
            .in_token = length,
            .out_token = 2,
            .model = model,
            .end_of_stream = true});
    } else {
      std::istringstream words(request.prompt);
      std::int64_t count = 0;
      for (std::string word; std::getline(words, word, ' '); ++count) {
        send({.response = word, .model = "echo"});
      }
      send({.response = "", .in_token = length, .out_token = count, .model = "echo", .end_of_stream = true});
    }
  }
};

/// All requests at once; prints the answers in the order of the requests.
int ask(const Settings& settings) {
  std::vector<TextCompletionRequest> requests;
  for (std::string line; std::getline(std::cin, line);) {
    requests.push_back(json::decode<TextCompletionRequest>(line));
  }
  const auto queues = settings.list("queues");
  if (queues.size() != 2) throw ConfigError("ask needs the queue of the requests and that of the responses");
  framework::RequestResponse<TextCompletionRequest, TextCompletionResponse> client(
      connect(settings), {.id = settings.id,
                          .name = "text-completion",
                          .request = QueueName::parse(queues[0]),
                          .response = QueueName::parse(queues[1]),
                          .subscription = ""});
  client.start();
  struct Asked {
    std::vector<std::string> answers;
    std::string failure;
    bool done = false;
  };
  std::vector<Asked> asked(requests.size());
  std::mutex mutex;  // guards asked
  std::condition_variable changed;
  for (std::size_t at = 0; at < requests.size(); ++at) {
    client.request_async(
        requests[at],
        [&, at](const Error* error, const TextCompletionResponse* response) {
          const std::lock_guard lock(mutex);
          auto& mine = asked[at];
          if (error != nullptr) mine.failure = error->what();
          if (response != nullptr) mine.answers.push_back(json::encode(*response, {.nulls = Nulls::emit}));
          mine.done = error != nullptr || response->end_of_stream;
          changed.notify_all();
          return mine.done;
        },
        30s);
  }
  int status = 0;
  {
    std::unique_lock lock(mutex);
    for (const auto& each : asked) {
      changed.wait(lock, [&] { return each.done; });
      std::string line;
      for (const auto& answer : each.answers) line += (line.empty() ? "" : ",") + answer;
      std::cout << '[' << line << "]\n";
      if (!each.failure.empty()) {
        std::cerr << each.failure << '\n';
        status = 1;
      }
    }
  }
  client.stop();
  return status;
}

int run(int argc, char** argv) {
  Flags flags;
  flags.positional("action", "ask or answer").positional("queues", "ask: requests, responses", false, true);
  try {
    auto settings = Settings::parse({.program = "omnibus-interop-peer",
                                     .summary = "Asks for, or answers with, text completions.",
                                     .id = "text-completion"},
                                    {argv + 1, argv + argc}, flags);
    settings.apply_log();
    if (settings.text("action") == "ask") return ask(settings);
    if (settings.text("action") == "answer") return framework::run_program<TextCompletion>(settings);
    throw ConfigError("unknown action '" + settings.text("action") + "'", "ask or answer");
  } catch (const Settings::Exit& exit) {
    std::cout << exit.text;
    return exit.status;
  } catch (const Error& error) {
    std::cerr << "omnibus-interop-peer: " << error.what() << '\n';
    return error.code() == ErrorCode::config ? 2 : 1;
  }
}

}  // namespace
}  // namespace omnibus::interop

int main(int argc, char** argv) { return omnibus::interop::run(argc, argv); }
